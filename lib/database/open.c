#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/database/connection.h"

char *database_path(struct arena *arena, const char *folder, const char *suffix)
{
	return arena_format(arena, "%s/latchkey.db%s", folder, suffix);
}

void database_configure_library(void)
{
	/* Refused, harmlessly, once the library has been used. */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	/* Pages one by one: a request reads about ten, and touching a block of twenty first costs 20 µs. */
	sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
	/* A statement's journal stays in memory: the sandbox has no folder for temporary files. */
	sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
}

static int remember_pages(void *context, sqlite3 *handle, const char *schema, int pages)
{
	struct database *database = context;

	(void)handle;
	(void)schema;
	database->wal_pages = pages;
	return SQLITE_OK;
}

/* NULL, or why the file cannot be used. SQLite gives the log and its index the mode of the database. */
static const char *check_file(struct arena *arena, const char *path, struct file_state *state)
{
	struct stat status;

	if (stat(path, &status) != 0) {
		if (errno == ENOENT)
			return arena_format(arena, "the database %s is missing: run `latchkey init`", path);
		return arena_format(arena, "the database %s: %s", path, strerror(errno));
	}
	if (!S_ISREG(status.st_mode))
		return arena_format(arena, "the database %s is not a file", path);
	if ((status.st_mode & 077) != 0)
		return arena_format(arena, "the database %s is open to other users: run `chmod 600`", path);
	*state = (struct file_state){ status.st_dev, status.st_ino, status.st_size, status.st_ctim };
	return NULL;
}

static int harden(struct database *database)
{
	static const struct {
		int option;
		int value;
	} settings[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
		{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
	};
	int keep = 1;
	int result = sqlite3_busy_timeout(database->handle, DATABASE_BUSY_MS);

	for (size_t i = 0; i < sizeof settings / sizeof *settings && result == SQLITE_OK; i++)
		result = sqlite3_db_config(database->handle, settings[i].option, settings[i].value, (int *)NULL);
	if (result == SQLITE_OK)
		result = sqlite3_file_control(database->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	if (result == SQLITE_OK)
		result = sqlite3_wal_autocheckpoint(database->handle, 0);
	sqlite3_wal_hook(database->handle, remember_pages, database);
	return result;
}

static int read_version(sqlite3 *handle, int *version)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(handle, "PRAGMA user_version", -1, &statement, NULL);

	if (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		*version = sqlite3_column_int(statement, 0);
		result = SQLITE_OK;
	}
	sqlite3_finalize(statement);
	return result;
}

bool database_connect(struct database *database, int *version, const char **error)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	const char *path = database->path;
	int result;

	*error = check_file(database->arena, path, &database->file);
	if (*error != NULL)
		return false;
	database_configure_library();
	result = sqlite3_open_v2(path, &database->handle, flags, NULL);
	if (result == SQLITE_OK)
		result = harden(database);
	if (result == SQLITE_OK)
		result = read_version(database->handle, version);
	if (result == SQLITE_OK && sqlite3_db_readonly(database->handle, "main") != 0)
		result = SQLITE_READONLY;
	/* The log was opened by its name, after the database: `restore` may have put another folder there in between. */
	if (result == SQLITE_OK && !file_state_is_same_file(path, &database->file))
		result = SQLITE_CANTOPEN;
	if (result == SQLITE_OK)
		return true;
	*error = arena_format(database->arena, "the database %s: %s", path, sqlite3_errstr(result));
	return false;
}

struct database *database_new(struct arena *arena, const char *folder, const char *reads, const char *writes,
	database_failed *failed, void *context)
{
	struct database *database = arena_alloc(arena, sizeof *database);

	database->arena = arena;
	database->path = database_path(arena, folder, "");
	database->folder = arena_text(arena, folder);
	database->reads = arena_text(arena, reads);
	database->writes = arena_text(arena, writes);
	database->failed = failed;
	database->context = context;
	database->lock = -1;
	return database;
}

enum database_opened database_open(struct arena *arena, const char *folder, const char *reads, const char *writes,
	database_failed *failed, void *context, struct database **out, const char **error)
{
	struct database *database = database_new(arena, folder, reads, writes, failed, context);
	enum database_opened opened = DATABASE_OPEN;
	int version = 0;

	*out = NULL;
	*error = NULL;
	if (!database_connect(database, &version, error)) {
		opened = DATABASE_UNAVAILABLE;
	} else if (version != DATABASE_SCHEMA_VERSION) {
		*error = arena_format(arena, "the database %s has schema version %d, this program needs %d: "
			"run `latchkey upgrade`", database->path, version, (int)DATABASE_SCHEMA_VERSION);
		opened = DATABASE_OTHER_VERSION;
	}
	if (opened != DATABASE_OPEN) {
		sqlite3_close(database->handle);
		return opened;
	}
	if (reads != NULL || writes != NULL)
		sqlite3_set_authorizer(database->handle, database_authorize, database);
	*out = database;
	return DATABASE_OPEN;
}

void database_stay_open(struct database *database)
{
	database->stays = true;
}

bool database_is_current(struct database *database)
{
	int version = 0;

	if (!file_state_is_same_file(database->path, &database->file))
		return false;
	database->own_pragma = true;
	bool good = read_version(database->handle, &version) == SQLITE_OK;
	database->own_pragma = false;
	return good && version == DATABASE_SCHEMA_VERSION;
}

void database_release(struct database *database, bool close_connection)
{
	if (database == NULL || database->handle == NULL)
		return;
	database_rollback(database);
	database_forget_statements(database);
	if (database->lock >= 0)
		close(database->lock);
	database->lock = -1;
	if (!close_connection)
		return;
	sqlite3_close(database->handle);
	database->handle = NULL;
}

struct arena *database_arena(const struct database *database)
{
	return database->arena;
}

struct arena *database_use_arena(struct database *database, struct arena *arena)
{
	struct arena *before = database->arena;

	database->arena = arena;
	return before;
}
