/* latchkey gc: removes what expired, makes missing next keys, seals the audit log. Made for cron. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands/audit_chain.h"
#include "commands/commands.h"
#include "commands/keys_make.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/records/access_token_store.h"
#include "lib/records/assertion_store.h"
#include "lib/records/audit_store.h"
#include "lib/records/flow_store.h"
#include "lib/records/grant_store.h"
#include "lib/records/invitation_store.h"
#include "lib/records/limit_store.h"
#include "lib/records/link_store.h"
#include "lib/records/outbox_store.h"
#include "lib/records/pushed_request_store.h"
#include "lib/records/session_store.h"
#include "lib/records/signing_key_store.h"
#include "lib/records/usage_store.h"
#include "lib/records/user_store.h"

enum { BATCH_ROWS = 500 }; /* a transaction: endpoints wait no longer than for that */

static const struct {
	const char *name, *title;
	int64_t (*remove)(struct database *db, int64_t now, int limit);
} expiring[] = {
	{ "sessions", "Sessions removed", session_remove_expired },
	{ "flows", "Sign-ins under way removed", flow_remove_expired },
	{ "pushed_requests", "Pushed requests removed", pushed_request_remove_expired },
	{ "assertions", "Client assertions removed", assertion_remove_expired },
	{ "access_tokens", "Access tokens removed", access_token_remove_expired },
	{ "grants", "Grants removed", grant_remove_expired },
	{ "usage_counts", "Counts moved to the audit log", usage_close },
	{ "limits", "Counters of attempts removed", limit_remove_expired },
	{ "links", "Links of mails removed", link_remove_expired },
	{ "invitations", "Invitations removed", invitation_remove_expired },
	{ "outbox", "Mails that nobody sent removed", outbox_remove_expired },
};

struct gc {
	struct cli *cli;
	struct buffer json;
	bool idle;
};

/* One member of the output, and a line where there is something to tell. */
static void report(struct gc *gc, const char *name, const char *title, int64_t count)
{
	json_number(&gc->json, name, count);
	gc->idle = gc->idle && count == 0;
	if (count > 0 && !gc->cli->json)
		printf("%s: %lld\n", title, (long long)count);
}

static void remove_expired(struct gc *gc)
{
	struct database *db = gc->cli->database;

	for (size_t i = 0; i < sizeof expiring / sizeof *expiring; i++) {
		int64_t count, sum = 0;

		do {
			database_begin(db, DATABASE_RELAXED);
			count = expiring[i].remove(db, gc->cli->now, BATCH_ROWS);
			database_commit(db);
			sum += count;
		} while (count > 0);
		report(gc, expiring[i].name, expiring[i].title, sum);
	}
}

struct due {
	const char *user_id[64];
	int count;
};

static void collect_user(void *context, const struct user *user)
{
	struct due *due = context;

	due->user_id[due->count++] = user->user_id;
}

/* Accounts whose users asked for it; who cancels at this moment wins or loses whole. */
static void remove_users(struct gc *gc)
{
	struct cli *cli = gc->cli;
	struct due due;
	int removed = 0;

	do {
		due.count = 0;
		user_list_due(cli->database, cli->now, (int)(sizeof due.user_id / sizeof *due.user_id), collect_user, &due);
		for (int i = 0; i < due.count; i++) {
			database_begin(cli->database, DATABASE_DURABLE);
			if (user_remove(cli->database, due.user_id[i], cli->now)) {
				cli_audit(cli, AUDIT_USER_DELETED, due.user_id[i], NULL, NULL);
				removed++;
			}
			database_commit(cli->database);
		}
	} while (due.count > 0);
	report(gc, "users", "Accounts removed", removed);
}

struct kids {
	const char *kid[64];
	int count;
};

static void collect(void *context, const struct signing_key_record *key)
{
	struct kids *kids = context;

	if (kids->count < (int)(sizeof kids->kid / sizeof *kids->kid))
		kids->kid[kids->count++] = key->kid;
}

/* The file first: as long as the row is there, the next call finds it. */
static bool remove_key(struct cli *cli, const char *kid)
{
	const char *path = key_path(cli, kid);
	bool removed;

	if (strchr(kid, '/') || (unlink(path) != 0 && errno != ENOENT)) {
		cli_note("%s cannot be removed: %s.", path, strerror(errno));
		return false;
	}
	database_begin(cli->database, DATABASE_DURABLE);
	removed = signing_key_remove(cli->database, kid, cli->now);
	if (removed)
		cli_audit(cli, AUDIT_KEY_REMOVED, NULL, NULL, kid);
	database_commit(cli->database);
	return removed;
}

static void tend_keys(struct gc *gc)
{
	struct cli *cli = gc->cli;
	struct kids kids = { .count = 0 };
	const char *algs = signing_key_algs(cli->database), *alg;
	int made = 0, removed = 0;

	signing_key_list_expired(cli->database, cli->now, collect, &kids);
	for (int i = 0; i < kids.count; i++)
		removed += remove_key(cli, kids.kid[i]);
	report(gc, "signing_keys", "Retired keys removed", removed);
	while ((alg = words_next(cli->arena, &algs)))
		made += key_ensure(cli, alg, NULL);
	report(gc, "new_signing_keys", "New keys made", made);
}

void gc_run(struct cli *cli)
{
	struct gc gc = { .cli = cli, .json = buffer_create(cli->arena, 512), .idle = true };

	cli_database(cli);
	json_object_open(&gc.json, NULL);
	remove_expired(&gc);
	remove_users(&gc);
	tend_keys(&gc);
	report(&gc, "sealed_events", "Events sealed", audit_chain_seal(cli));
	json_object_close(&gc.json);
	if (cli->json)
		cli_print(gc.json.data);
	else if (gc.idle)
		printf("There was nothing to do.\n");
}
