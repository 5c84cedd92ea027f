#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/database/connection.h"

/*
 * When the log (WAL) goes into the database, and nowhere else: neither SQLite's own checkpoints nor the one at
 * the last close run. Up to 3.51.2 SQLite can corrupt a database whose log is reset by one program while another
 * one writes; so only who holds the queue of writers checkpoints, right after its commit, in a mode that takes
 * SQLite's own lock of writers too. A lone process recovers the whole log when it opens the database, so the
 * log is kept short. A reader may stand in the way: then the next writer tries again, without anybody waiting
 * for long; only a log that has become large is worth a wait for readers.
 */
static const struct {
	int pages;         /* from which on the log is emptied */
	int wait_ms;       /* for readers meanwhile, and with the queue held */
	int large_pages;   /* likewise for a large log: FULL waits for readers of old pages only */
	int large_wait_ms;
} policy = { 64, 5, 1000, 250 };

int database_lock_open(const char *folder)
{
	struct stat owner;
	char path[4096];
	int lock;

	if ((size_t)snprintf(path, sizeof path, "%s/latchkey.lock", folder) >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	/* Made by root, it belongs to whom the folder belongs to, or the web server could not open it. */
	if (lock >= 0 && geteuid() == 0 && stat(folder, &owner) == 0 && owner.st_uid != 0
		&& fchown(lock, owner.st_uid, owner.st_gid) != 0) {
		close(lock);
		return -1;
	}
	return lock;
}

bool database_lock_wait(int lock)
{
	while (flock(lock, LOCK_EX) != 0)
		if (errno != EINTR)
			return false;
	return true;
}

static void leave_queue(struct database *database)
{
	if (database->lock >= 0)
		flock(database->lock, LOCK_UN);
}

bool database_in_transaction(const struct database *database)
{
	return sqlite3_get_autocommit(database->handle) == 0;
}

static bool is_reading(const struct database *database)
{
	for (size_t i = 0; i < DATABASE_STATEMENTS; i++)
		if (database->statements[i].busy)
			return true;
	return false;
}

static void run(struct database *database, const char *sql)
{
	database->refused[0] = '\0';
	if (sqlite3_exec(database->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		database_fail(database, sql, NULL);
}

/* NORMAL does not sync at a commit: after a power cut the newest ones may be missing, in order. */
static void set_synchronous(struct database *database, enum durability durability)
{
	int wanted = durability == DATABASE_DURABLE ? 2 : 1;

	if (database->synchronous == wanted)
		return;
	database->own_pragma = true;
	database->synchronous = -1;
	run(database, wanted == 2 ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
	database->own_pragma = false;
	database->synchronous = wanted;
}

void database_begin(struct database *database, enum durability durability)
{
	static const char begin[] = "BEGIN IMMEDIATE";

	if (database_in_transaction(database))
		database_fail(database, begin, "a transaction inside another");
	/* It would hold an old snapshot, from which SQLite refuses to write. */
	if (is_reading(database))
		database_fail(database, begin, "a statement is still under way");
	if (database->lock < 0)
		database->lock = database_lock_open(database->folder);
	if (database->lock < 0)
		database_fail(database, begin, "latchkey.lock cannot be opened");
	if (!database_lock_wait(database->lock))
		database_fail(database, begin, "latchkey.lock cannot be locked");
	set_synchronous(database, durability);
	run(database, begin);
	database->changes = sqlite3_total_changes64(database->handle);
}

/* What was committed stays so, whatever comes of this: nothing here fails the request. */
static void checkpoint(struct database *database)
{
	bool large = database->wal_pages >= policy.large_pages;
	int result;

	if (database->wal_pages < policy.pages)
		return;
	sqlite3_busy_timeout(database->handle, large ? policy.large_wait_ms : policy.wait_ms);
	result = sqlite3_wal_checkpoint_v2(database->handle, "main",
		large ? SQLITE_CHECKPOINT_FULL : SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(database->handle, DATABASE_BUSY_MS);
	if (result == SQLITE_BUSY && large)
		log_write(LOG_WARNING, "database: the log has %d pages, and a reader keeps it from being emptied",
			database->wal_pages);
	else if (result != SQLITE_OK && result != SQLITE_BUSY)
		log_write(LOG_ERROR, "database: checkpoint: %s", sqlite3_errmsg(database->handle));
	database->wal_pages = 0;
}

/*
 * A transaction that found nothing left to do promises what another one did: a process may have been killed after it wrote
 * its commit to the log and before it synced it. SQLite syncs only what a transaction itself wrote, so that is done here.
 */
static void sync_what_others_wrote(struct database *database)
{
	sqlite3_file *log = NULL;

	if (database->synchronous != 2 || sqlite3_total_changes64(database->handle) != database->changes)
		return;
	if (sqlite3_file_control(database->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK || log == NULL
		|| log->pMethods == NULL)
		return;
	if (log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) != SQLITE_OK)
		database_fail(database, "COMMIT", "the log cannot be synced");
}

void database_commit(struct database *database)
{
	static const char commit[] = "COMMIT";

	if (!database_in_transaction(database))
		database_fail(database, commit, "no transaction to commit");
	database_end_statements(database);
	sync_what_others_wrote(database);
	run(database, commit);
	checkpoint(database);
	leave_queue(database);
}

void database_rollback(struct database *database)
{
	database_end_statements(database);
	database->own_pragma = false;
	if (database_in_transaction(database))
		sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
	leave_queue(database);
}
