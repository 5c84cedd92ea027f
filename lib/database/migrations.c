#include "lib/database/migrations.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/database/backup.h"
#include "lib/database/connection.h"

/* Version 1 is the schema of the first release. */
const struct migration database_migrations[] = {
	{ 0 },
};

static const struct migration *step_from(const struct migration *migrations, int version)
{
	for (const struct migration *step = migrations; step->sql; step++)
		if (step->from == version)
			return step;
	return NULL;
}

/* NULL, or why there is no way from here to there. */
static const char *find_way(struct arena *arena, const struct upgrade *upgrade, int version)
{
	if (version > upgrade->target)
		return arena_format(arena, "the database has schema version %d, newer than the %d of this program: install the newer release",
			version, upgrade->target);
	for (int at = version; at < upgrade->target; at++)
		if (!step_from(upgrade->migrations, at))
			return arena_format(arena, "the database has schema version %d, from which no way leads to %d", version, upgrade->target);
	return NULL;
}

static bool run(struct database *database, const char *sql, const char **error)
{
	if (*error == NULL && sqlite3_exec(database->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		*error = arena_format(database->arena, "%s", sqlite3_errmsg(database->handle));
	return *error == NULL;
}

/* In one transaction: an endpoint sees the old version or the new one. */
static void migrate(struct database *database, const struct upgrade *upgrade, int version, const char **error)
{
	run(database, "PRAGMA foreign_keys = OFF; PRAGMA synchronous = FULL; BEGIN IMMEDIATE", error);
	for (int at = version; at < upgrade->target && *error == NULL; at++)
		if (!run(database, step_from(upgrade->migrations, at)->sql, error))
			*error = arena_format(database->arena, "the step from version %d to %d: %s", at, at + 1, *error);
	run(database, arena_format(database->arena, "PRAGMA user_version = %d", upgrade->target), error);
	if (*error == NULL && !database_is_sound(database, error))
		*error = arena_format(database->arena, "after the upgrade: %s", *error);
	if (*error == NULL && upgrade->record)
		upgrade->record(upgrade->context, database, version, upgrade->target);
	database_end_statements(database);
	run(database, "COMMIT", error);
}

static int upgrade_locked(struct database *database, const struct upgrade *upgrade, const char **error)
{
	int version = 0;

	if (!database_connect(database, &version, error))
		return -1;
	if (version == upgrade->target)
		return version;
	*error = find_way(database->arena, upgrade, version);
	if (*error == NULL && !database_is_sound(database, error))
		*error = arena_format(database->arena, "the database is damaged: %s; restore a backup", *error);
	if (*error == NULL && upgrade->copy)
		database_copy_named(database, arena_format(database->arena, "before-upgrade-%d.db", version), error);
	if (*error == NULL)
		migrate(database, upgrade, version, error);
	/* Behind the commit: whoever stands in the way of this is no reason to fail. */
	if (*error == NULL)
		sqlite3_wal_checkpoint_v2(database->handle, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return *error ? -1 : version;
}

int database_upgrade(struct arena *arena, const char *folder, const struct upgrade *upgrade, database_failed *failed, void *context,
	const char **error)
{
	struct database *database = database_new(arena, folder, NULL, NULL, failed, context);
	int version = -1;

	*error = NULL;
	if (access(database->path, F_OK) != 0) {
		*error = arena_format(arena, "the database %s: %s", database->path, strerror(errno));
		return -1;
	}
	database->lock = database_lock_open(folder);
	if (database->lock < 0 || !database_lock_wait(database->lock))
		*error = arena_format(arena, "the file latchkey.lock in %s: %s", folder, strerror(errno));
	else
		version = upgrade_locked(database, upgrade, error);
	/* Rolls back what did not come to its commit. */
	database_release(database, true);
	return version;
}
