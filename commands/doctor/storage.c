/* The database, the audit log, and what gc does to them. */
#include <string.h>
#include <sys/stat.h>

#include "commands/audit_chain.h"
#include "commands/doctor/doctor.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/crypto/seal.h"
#include "lib/database/health.h"
#include "lib/records/audit_seal_store.h"
#include "lib/records/audit_store.h"

#define RESTORE "Restore the database from a backup, and find out what the disk says: `journalctl -k`."

enum {
	WAL_LARGE = 16 * 1024 * 1024, /* bytes; a thousand pages are 4 MiB */
	DAY = 86400,
	GC_LATE = 26 * 3600, GC_VERY_LATE = 30 * DAY,
	FUTURE = 60, /* clocks of one machine may be adjusted that much */
	AUDIT_MOST = 500000, /* events that are verified: a second or two */
};

static void on_failure(void *context, const char *message)
{
	struct doctor *d = context;

	d->failure = message;
	longjmp(d->failed, 1);
}

void check_database_opens(struct doctor *d)
{
	const char *folder = config_file(d->arena, d->config, "database"), *error = NULL;
	struct database *database = NULL;

	switch (database_open(d->arena, folder, NULL, NULL, on_failure, d, &database, &error)) {
	case DATABASE_OPEN:
		d->database = d->cli->database = database;
		fine(d, "%s opens, schema version %d.", folder, DATABASE_SCHEMA_VERSION);
		break;
	case DATABASE_OTHER_VERSION:
		problem(d, "Run `latchkey upgrade`, or install the programs that fit the database.", "%s.", error);
		break;
	case DATABASE_UNAVAILABLE:
		problem(d, arena_format(d->arena, "Correct what the sentence names; a new installation is made by `latchkey init "
			"--directory %s --issuer %s`.",
			d->config->directory, d->config->issuer), "%s.", error);
		break;
	}
}

void check_integrity(struct doctor *d)
{
	const char *damage = database_damage(d->database);

	if (damage)
		problem(d, RESTORE, "The database is damaged: %s.", damage);
	else
		fine(d, "The database is whole.");
}

void check_references(struct doctor *d)
{
	int64_t lost = database_lost_references(d->database);

	if (lost)
		problem(d, RESTORE, "%lld rows point to rows that are gone: something else than Latchkey wrote into the database.",
			(long long)lost);
	else
		fine(d, "No row points to one that is gone.");
}

void check_wal(struct doctor *d)
{
	struct stat status;
	const char *path = config_file(d->arena, d->config, "database/latchkey.db-wal");

	if (!database_has_wal(d->database))
		problem(d, "While nobody writes, run `PRAGMA journal_mode = WAL` on the file with SQLite's shell, as its owner.",
			"The database is not in WAL mode: readers and writers stand in each other's way.");
	else if (stat(path, &status) == 0 && status.st_size > WAL_LARGE)
		advise(d, arena_format(d->arena, "Find who keeps the database open: `fuser -v %s`, and end that program.", path),
			"The log of writes has %lld MiB: a reader that never ends keeps it from being emptied.",
				(long long)(status.st_size / 1048576));
	else
		fine(d, "The log of writes is short.");
}

void check_sqlite(struct doctor *d)
{
	if (database_library_has_wal_reset_bug())
		fine(d, "SQLite %s is linked. Up to 3.51.2 it has the WAL-reset bug, which the way of writing here avoids; other programs "
			"should not write.",
			database_library_version());
	else
		fine(d, "SQLite %s is linked.", database_library_version());
}

static void note_time(void *context, const struct audit_row *row)
{
	*(int64_t *)context = row->event.at;
}

/* gc seals the audit log each time: the oldest event without a seal says when it ran. */
void check_gc(struct doctor *d)
{
	static const char advice[] = "Let cron run it every hour, as the endpoints' user: `17 * * * * latchkey gc`; or `systemctl "
		"enable --now latchkey-gc.timer`.";
	struct audit_filter all = { 0 };
	struct audit_seal last;
	int64_t oldest = 0, age;
	bool sealed = audit_seal_last(d->database, &last);

	audit_list(d->database, &all, sealed ? last.audit_id : INT64_MIN, 1, note_time, &oldest);
	age = oldest ? d->cli->now - oldest : 0;
	if (age > GC_VERY_LATE)
		problem(d, advice, "`latchkey gc` has not run for %lld days: keys do not change, and what expired stays.",
			(long long)(age / DAY));
	else if (age > GC_LATE)
		advise(d, advice, "`latchkey gc` has not run for %lld hours.", (long long)(age / 3600));
	else if (oldest)
		fine(d, "The oldest event without a seal is %lld minutes old.", (long long)(age / 60));
	else
		fine(d, "All events are sealed.");
}

/* A clock that was ahead once, or is behind now: what was written then expires too late, or tokens of now are too old. */
void check_records(struct doctor *d)
{
	struct audit_filter all = { 0 };
	int64_t newest = 0, before = audit_before_newest(d->database, &all, 1);

	audit_list(d->database, &all, before, 1, note_time, &newest);
	if (newest > d->cli->now + FUTURE)
		problem(d, "Set the clock: `timedatectl set-ntp true`. If it was ahead before, sessions and tokens of then last too long: "
			"`latchkey key rotate --now`.",
			"The newest event of the audit log is %lld minutes in the future.", (long long)((newest - d->cli->now) / 60));
	else
		fine(d, "The newest event of the audit log is not in the future.");
}

static void note_broken(void *context, const struct audit_broken *broken)
{
	if (*(int64_t *)context == 0)
		*(int64_t *)context = broken->until;
}

void check_audit(struct doctor *d)
{
	unsigned char key[SEAL_KEY_BYTES];
	const char *error = NULL;
	struct audit_seal last;
	int64_t until = 0;

	if (!audit_seal_last(d->database, &last)) {
		fine(d, "Nothing is sealed yet.");
		return;
	}
	if (!seal_key_load(d->arena, config_file(d->arena, d->config, "keys/audit.key"), key, &error)) {
		skip(d, "Without its key the chain cannot be verified.");
		return;
	}
	explicit_bzero(key, sizeof key);
	if (last.audit_id > AUDIT_MOST) {
		fine(d, "The log is long: `latchkey audit --verify` looks at all of it.");
		return;
	}
	struct audit_check check = audit_chain_check(d->cli, NULL, note_broken, &until);
	if (check.broken)
		problem(d, "`latchkey audit --verify` lists where; compare with a backup.",
			"The audit log was changed: of its seals %lld do not fit, the first before event %lld.",
			(long long)check.broken, (long long)until);
	else
		fine(d, "%lld events are under %lld seals that fit.", (long long)check.events, (long long)check.seals);
}
