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
 * for long; only a log that has become large is worth a wait for readers. Processes that stay leave it until then: emptying it
 * costs them a fifth of each write, and they read nothing anew.
 */
static const struct {
	int pages;         /* from which on the log is emptied */
	int wait_ms;       /* for readers meanwhile, and with the queue held */
	int large_pages;   /* likewise for a large log: FULL waits for readers of old pages only */
	int large_wait_ms;
} policy = { 64, 5, 1000, 250 };

static int open_lock(const char *folder, const char *name, int flags)
{
	struct stat owner;
	char path[4096];
	int lock;

	if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	lock = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	/* Made by root, it belongs to whom the folder belongs to, or the web server could not open it. */
	if (lock >= 0 && geteuid() == 0 && stat(folder, &owner) == 0 && owner.st_uid != 0
		&& fchown(lock, owner.st_uid, owner.st_gid) != 0) {
		close(lock);
		return -1;
	}
	return lock;
}

int database_lock_open(const char *folder)
{
	return open_lock(folder, "latchkey.lock", O_CREAT);
}

int database_backup_lock_open(const char *folder, bool make)
{
	return open_lock(folder, "backup.lock", make ? O_CREAT : 0);
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

/* NORMAL syncs at checkpoints, and leaves commits to sync_log(). */
static void leave_syncing_to_us(struct database *database)
{
	if (database->syncing_is_ours)
		return;
	database->own_pragma = true;
	run(database, "PRAGMA synchronous = NORMAL");
	database->own_pragma = false;
	database->syncing_is_ours = true;
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
	leave_syncing_to_us(database);
	run(database, begin);
	database->durability = durability;
}

/* A copy under way is a reader for as long as it takes: nobody waits for it. */
static bool copy_is_made(const struct database *database)
{
	int lock = database_backup_lock_open(database->folder, false);
	bool made = lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) != 0;

	if (lock >= 0)
		close(lock);
	return made;
}

/*
 * What was committed stays so, whatever comes of this: nothing here fails the request. True if the log was emptied, and
 * all that it had is synced where it belongs.
 */
static bool checkpoint(struct database *database)
{
	bool large = database->wal_pages >= policy.large_pages;
	int result;

	if (database->wal_pages < (database->stays ? policy.large_pages : policy.pages) || copy_is_made(database))
		return false;
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
	return result == SQLITE_OK && !large;
}

/*
 * Puts on disk what this transaction wrote, and what others wrote before it: the frames of the log are one chain. So a
 * transaction that found nothing left to do promises as much as the one that did it, whose process may have been killed
 * before it came here. Readers see a commit a moment before it is on disk; nobody has been told of it by then.
 */
static void sync_log(struct database *database)
{
	sqlite3_file *log = NULL;

	if (sqlite3_file_control(database->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK || log == NULL
		|| log->pMethods == NULL || log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) != SQLITE_OK)
		database_fail(database, "COMMIT", "the log cannot be synced");
}

void database_commit(struct database *database)
{
	static const char commit[] = "COMMIT";
	bool synced;

	if (!database_in_transaction(database))
		database_fail(database, commit, "no transaction to commit");
	database_end_statements(database);
	run(database, commit);
	synced = checkpoint(database);
	/* The disk is waited for outside the queue: others write meanwhile, and one sync serves many. */
	leave_queue(database);
	if (database->durability == DATABASE_DURABLE && !synced)
		sync_log(database);
}

void database_rollback(struct database *database)
{
	database_end_statements(database);
	database->own_pragma = false;
	if (database_in_transaction(database))
		sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
	leave_queue(database);
}
