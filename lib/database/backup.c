#include "lib/database/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/database/connection.h"

enum { LOG_WAIT_MS = 250, RETRIES = 50 };

static const char copying[] = ".copy"; /* the suffix of one that is not finished */

/* Held while a copy is made: writers look at it before they would wait for readers (transaction.c). */
static int take_turn(struct database *database)
{
	int lock = database_backup_lock_open(database->folder, true);

	if (lock >= 0 && !database_lock_wait(lock)) {
		close(lock);
		return -1;
	}
	return lock;
}

/* No journal: who finds half a copy throws it away. A busy source: somebody recovers the log at this moment. */
static int copy_pages(struct database *database, sqlite3 *copy)
{
	sqlite3_backup *backup;
	int result, more;

	result = sqlite3_exec(copy, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL, NULL);
	if (result != SQLITE_OK)
		return result;
	backup = sqlite3_backup_init(copy, "main", database->handle, "main");
	if (backup == NULL)
		return sqlite3_errcode(copy);
	/* All pages in one step: one moment, and no other program's commit makes it begin anew. */
	for (int i = 0; i < RETRIES; i++) {
		result = sqlite3_backup_step(backup, -1);
		if (result != SQLITE_BUSY && result != SQLITE_LOCKED)
			break;
		usleep(20000);
	}
	more = sqlite3_backup_finish(backup);
	return result == SQLITE_DONE ? more : result;
}

/* Into a new file; with `unnamed` its name is gone before the first page is in it. */
static int copy_to(struct database *database, const char *path, bool unnamed, const char **error)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	sqlite3 *copy = NULL;
	int file, result;

	*error = NULL;
	if (unlink(path) != 0 && errno != ENOENT)
		*error = arena_format(database->arena, "%s: %s", path, strerror(errno));
	file = *error ? -1 : open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0) {
		*error = *error ? *error : arena_format(database->arena, "%s: %s", path, strerror(errno));
		return -1;
	}
	result = sqlite3_open_v2(path, &copy, flags, NULL);
	if (unnamed)
		unlink(path);
	if (result == SQLITE_OK)
		result = copy_pages(database, copy);
	sqlite3_close(copy);
	if (result != SQLITE_OK)
		*error = arena_format(database->arena, "the copy of the database: %s", sqlite3_errstr(result));
	if (*error) {
		close(file);
		unlink(path);
		return -1;
	}
	return file;
}

int database_copy_unnamed(struct database *database, const char **error)
{
	int turn = take_turn(database), file;

	if (turn < 0) {
		*error = arena_format(database->arena, "the file backup.lock in %s: %s", database->folder, strerror(errno));
		return -1;
	}
	file = copy_to(database, database_path(database->arena, database->folder, copying), true, error);
	close(turn);
	database_empty_log(database);
	return file;
}

static bool put_in_place(struct database *database, int file, const char *from, const char *to)
{
	struct stat owner;

	if (geteuid() == 0 && (stat(database->folder, &owner) != 0 || fchown(file, owner.st_uid, owner.st_gid) != 0))
		return false;
	return fsync(file) == 0 && rename(from, to) == 0 && database_sync_path(database->folder, O_RDONLY | O_DIRECTORY);
}

bool database_copy_named(struct database *database, const char *name, const char **error)
{
	const char *path = database_path(database->arena, database->folder, copying);
	const char *place = arena_format(database->arena, "%s/%s", database->folder, name);
	int turn = take_turn(database), file = -1;

	if (turn < 0) {
		*error = arena_format(database->arena, "the file backup.lock in %s: %s", database->folder, strerror(errno));
		return false;
	}
	file = copy_to(database, path, false, error);
	if (file >= 0 && !put_in_place(database, file, path, place)) {
		*error = arena_format(database->arena, "%s: %s", place, strerror(errno));
		unlink(path);
	}
	if (file >= 0)
		close(file);
	close(turn);
	return *error == NULL;
}

/* The first row that says something else than "ok". */
struct finding {
	struct arena *arena;
	const char *text;
};

static int note_problem(void *context, int count, char **values, char **names)
{
	struct finding *finding = context;

	(void)names;
	if (finding->text == NULL && count > 0 && (count > 1 || strcmp(values[0] ? values[0] : "", "ok") != 0))
		finding->text = count == 1 ? arena_text(finding->arena, values[0])
			: arena_format(finding->arena, "a row of %s points to nothing", values[0] ? values[0] : "a table");
	return 0;
}

bool database_is_sound(struct database *database, const char **error)
{
	struct finding finding = { .arena = database->arena };
	int result = sqlite3_exec(database->handle, "PRAGMA integrity_check; PRAGMA foreign_key_check", note_problem, &finding, NULL);

	*error = finding.text ? finding.text : result != SQLITE_OK ? sqlite3_errmsg(database->handle) : NULL;
	return *error == NULL;
}

void database_empty_log(struct database *database)
{
	int lock = database->lock >= 0 ? database->lock : database_lock_open(database->folder);

	if (lock < 0)
		return;
	database->lock = lock;
	if (!database_lock_wait(lock))
		return;
	sqlite3_busy_timeout(database->handle, LOG_WAIT_MS);
	sqlite3_wal_checkpoint_v2(database->handle, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(database->handle, DATABASE_BUSY_MS);
	flock(lock, LOCK_UN);
}
