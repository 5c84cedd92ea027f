#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/database/connection.h"

static const char building[] = ".new"; /* the suffix of a database that is not finished */

static bool remove_if_there(const char *path)
{
	return unlink(path) == 0 || errno == ENOENT;
}

bool database_sync_path(const char *path, int flags)
{
	int file = open(path, flags | O_CLOEXEC);
	bool done = file >= 0 && fsync(file) == 0;

	if (file >= 0)
		close(file);
	return done;
}

/*
 * Remains of an earlier database or of a creation that was cut short; a log that fits by chance would be
 * replayed into the new one.
 */
static bool remove_remains(struct arena *arena, const char *folder)
{
	static const char *const suffixes[] = { "-wal", "-shm", "-journal", ".new", ".new-wal", ".new-shm",
		".new-journal" };

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
		if (!remove_if_there(database_path(arena, folder, suffixes[i])))
			return false;
	return true;
}

/* In the log's mode from the start, and complete in its one file at the end. */
static int build(const char *path)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	sqlite3 *handle = NULL;
	mode_t mask = umask(077);
	int result;

	database_configure_library();
	result = sqlite3_open_v2(path, &handle, flags, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_exec(handle, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
			NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_exec(handle, database_schema, NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_close(handle);
	umask(mask);
	return result;
}

/* Made by root, it belongs to whom the folder belongs to, or the web server could not open it. */
static bool give_to_owner(const char *path, const char *folder)
{
	struct stat owner;

	if (geteuid() != 0)
		return true;
	return stat(folder, &owner) == 0 && chown(path, owner.st_uid, owner.st_gid) == 0;
}

/* With the queue of writers held, so that of two who create at once the second one finds the first one's. */
static const char *create_locked(struct arena *arena, const char *folder)
{
	const char *path = database_path(arena, folder, "");
	const char *unfinished = database_path(arena, folder, building);
	struct stat status;
	int result;

	if (lstat(path, &status) == 0)
		return arena_format(arena, "the database %s exists already", path);
	if (errno != ENOENT || !remove_remains(arena, folder))
		return arena_format(arena, "the folder %s: %s", folder, strerror(errno));
	result = build(unfinished);
	if (result != SQLITE_OK)
		return arena_format(arena, "the database %s: %s", unfinished, sqlite3_errstr(result));
	if (!give_to_owner(unfinished, folder) || !database_sync_path(unfinished, O_RDWR) || rename(unfinished, path) != 0
		|| !database_sync_path(folder, O_RDONLY | O_DIRECTORY))
		return arena_format(arena, "the database %s: %s", path, strerror(errno));
	return NULL;
}

bool database_create(struct arena *arena, const char *folder, const char **error)
{
	int lock = database_lock_open(folder);

	*error = NULL;
	if (lock < 0 || !database_lock_wait(lock))
		*error = arena_format(arena, "the file latchkey.lock in %s: %s", folder, strerror(errno));
	else
		*error = create_locked(arena, folder);
	if (lock >= 0)
		close(lock);
	return *error == NULL;
}
