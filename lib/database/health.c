#include "lib/database/health.h"

#include <string.h>

#include "lib/database/connection.h"

enum { FIRST_WITHOUT_WAL_RESET_BUG = 3051003 };

/* Past the module's own statements, which take a PRAGMA without a transaction for a forgotten one. */
static int64_t run_pragma(struct database *database, const char *sql, const char **first)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
	int64_t rows = 0;

	while (result == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		if (rows++ == 0 && first != NULL)
			*first = arena_text(database->arena, (const char *)sqlite3_column_text(statement, 0));
	if (result == SQLITE_OK)
		result = sqlite3_finalize(statement);
	if (result != SQLITE_OK)
		database_fail(database, sql, NULL);
	return rows;
}

const char *database_damage(struct database *database)
{
	const char *said = "no answer";

	run_pragma(database, "PRAGMA quick_check(1)", &said);
	return strcmp(said, "ok") == 0 ? NULL : said;
}

int64_t database_lost_references(struct database *database)
{
	return run_pragma(database, "PRAGMA foreign_key_check", NULL);
}

bool database_has_wal(struct database *database)
{
	const char *mode = "";

	run_pragma(database, "PRAGMA journal_mode", &mode);
	return strcmp(mode, "wal") == 0;
}

const char *database_library_version(void)
{
	return sqlite3_libversion();
}

bool database_library_has_wal_reset_bug(void)
{
	return sqlite3_libversion_number() < FIRST_WITHOUT_WAL_RESET_BUG;
}
