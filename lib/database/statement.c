#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/database/connection.h"

enum { HASH_SIZE = 32 };

void statement_end(struct statement *statement)
{
	if (!statement->busy)
		return;
	/* An error here is the one that statement_row() has reported. */
	sqlite3_reset(statement->handle);
	sqlite3_clear_bindings(statement->handle);
	statement->busy = false;
	statement->has_row = false;
}

void database_end_statements(struct database *database)
{
	for (size_t i = 0; i < DATABASE_STATEMENTS; i++)
		statement_end(&database->statements[i]);
}

void database_forget_statements(struct database *database)
{
	for (size_t i = 0; i < DATABASE_STATEMENTS; i++) {
		sqlite3_finalize(database->statements[i].handle);
		memset(&database->statements[i], 0, sizeof database->statements[i]);
	}
}

/* The first words of a statement, which hold placeholders and never a value. */
static int first_words(const char *sql)
{
	size_t length = strnlen(sql, 60);

	if (sql[length] != '\0')
		while (length > 0 && sql[length] != ' ')
			length--;
	return (int)length;
}

void database_fail(struct database *database, const char *sql, const char *why)
{
	if (why == NULL && database->refused[0] != '\0')
		why = database->refused;
	if (why == NULL)
		why = sqlite3_errmsg(database->handle);
	snprintf(database->message, sizeof database->message, "%s: %.*s", why, first_words(sql), sql);
	database->refused[0] = '\0';
	database_rollback(database);
	database->failed(database->context, database->message);
	abort();
}

/* A slot for a statement: one that has it prepared, else a free one, else the one idle for longest. */
static struct statement *find_slot(struct database *database, const char *sql)
{
	struct statement *best = NULL;

	for (size_t i = 0; i < DATABASE_STATEMENTS; i++) {
		struct statement *slot = &database->statements[i];

		if (slot->busy)
			continue;
		if (slot->handle != NULL && text_equal(sqlite3_sql(slot->handle), sql))
			return slot;
		if (best == NULL || slot->last_use < best->last_use)
			best = slot;
	}
	if (best == NULL)
		database_fail(database, sql, "too many statements at a time");
	sqlite3_finalize(best->handle);
	best->handle = NULL;
	best->last_use = 0;
	return best;
}

static struct statement *prepare(struct database *database, const char *sql)
{
	struct statement *slot = find_slot(database, sql);
	const char *rest = NULL;

	if (slot->handle == NULL) {
		database->refused[0] = '\0';
		if (sqlite3_prepare_v2(database->handle, sql, -1, &slot->handle, &rest) != SQLITE_OK)
			database_fail(database, sql, NULL);
		if (slot->handle == NULL || *rest != '\0')
			database_fail(database, sql, "not exactly one statement");
	}
	slot->database = database;
	slot->busy = true;
	slot->has_row = false;
	slot->last_use = ++database->uses;
	/* A write outside the queue could meet another program's checkpoint. */
	if (sqlite3_stmt_readonly(slot->handle) == 0 && !database_in_transaction(database))
		database_fail(database, sql, "a write outside a transaction");
	return slot;
}

/* Values are read until the statement ends, so they are not copied. */
static int bind_bytes(sqlite3_stmt *handle, int index, const void *bytes, size_t length)
{
	if (bytes == NULL)
		return sqlite3_bind_null(handle, index);
	return sqlite3_bind_blob64(handle, index, bytes, length, SQLITE_STATIC);
}

static int bind_number(sqlite3_stmt *handle, int index, int64_t number, bool zero_is_null)
{
	if (zero_is_null && number == 0)
		return sqlite3_bind_null(handle, index);
	return sqlite3_bind_int64(handle, index, number);
}

static void bind_values(struct statement *statement, const char *sql, const char *types, va_list values)
{
	sqlite3_stmt *handle = statement->handle;
	int result = SQLITE_OK;
	const void *bytes;

	if (sqlite3_bind_parameter_count(handle) != (int)strlen(types))
		database_fail(statement->database, sql, "values and placeholders differ in number");
	for (int i = 0; types[i] != '\0' && result == SQLITE_OK; i++) {
		switch (types[i]) {
		case 't':
			result = sqlite3_bind_text(handle, i + 1, va_arg(values, const char *), -1, SQLITE_STATIC);
			break;
		case 'n':
		case 'o':
			result = bind_number(handle, i + 1, va_arg(values, int64_t), types[i] == 'o');
			break;
		case 'h':
			result = bind_bytes(handle, i + 1, va_arg(values, const unsigned char *), HASH_SIZE);
			break;
		case 'b':
			bytes = va_arg(values, const void *);
			result = bind_bytes(handle, i + 1, bytes, va_arg(values, size_t));
			break;
		default:
			database_fail(statement->database, sql, "unknown type of a value");
		}
	}
	if (result != SQLITE_OK)
		database_fail(statement->database, sql, NULL);
}

struct statement *database_query(struct database *database, const char *sql, const char *types, ...)
{
	struct statement *statement = prepare(database, sql);
	va_list values;

	va_start(values, types);
	bind_values(statement, sql, types, values);
	va_end(values);
	return statement;
}

int64_t database_change(struct database *database, const char *sql, const char *types, ...)
{
	struct statement *statement = prepare(database, sql);
	va_list values;

	va_start(values, types);
	bind_values(statement, sql, types, values);
	va_end(values);
	if (statement_row(statement))
		database_fail(database, sql, "rows where none were expected");
	return sqlite3_changes64(database->handle);
}

int64_t database_last_id(struct database *database)
{
	return sqlite3_last_insert_rowid(database->handle);
}

bool statement_row(struct statement *statement)
{
	int result;

	if (!statement->busy)
		return false;
	result = sqlite3_step(statement->handle);
	statement->has_row = result == SQLITE_ROW;
	if (statement->has_row)
		return true;
	if (result != SQLITE_DONE)
		database_fail(statement->database, sqlite3_sql(statement->handle), NULL);
	statement_end(statement);
	return false;
}

static sqlite3_stmt *row_of(struct statement *statement, int column)
{
	if (!statement->busy || !statement->has_row)
		database_fail(statement->database, "", "a value was read where there is no row");
	if (column < 0 || column >= sqlite3_column_count(statement->handle))
		database_fail(statement->database, sqlite3_sql(statement->handle), "no such column");
	return statement->handle;
}

bool statement_is_null(struct statement *statement, int column)
{
	return sqlite3_column_type(row_of(statement, column), column) == SQLITE_NULL;
}

int64_t statement_number(struct statement *statement, int column)
{
	return sqlite3_column_int64(row_of(statement, column), column);
}

const unsigned char *statement_bytes(struct statement *statement, int column, size_t *length)
{
	sqlite3_stmt *handle = row_of(statement, column);
	const void *bytes;
	size_t size;

	if (length != NULL)
		*length = 0;
	if (sqlite3_column_type(handle, column) == SQLITE_NULL)
		return NULL;
	/* The pointer before the length, as SQLite asks; it is NULL for zero bytes and where memory is short. */
	bytes = sqlite3_column_blob(handle, column);
	size = (size_t)sqlite3_column_bytes(handle, column);
	if (bytes == NULL && sqlite3_errcode(statement->database->handle) == SQLITE_NOMEM)
		database_fail(statement->database, sqlite3_sql(handle), NULL);
	if (length != NULL)
		*length = bytes == NULL ? 0 : size;
	return (const unsigned char *)arena_copy(statement->database->arena, bytes == NULL ? "" : bytes,
		bytes == NULL ? 0 : size);
}

/* A BLOB or TEXT with an inner NUL reads up to it: nothing of ours stores one. */
const char *statement_text(struct statement *statement, int column)
{
	return (const char *)statement_bytes(statement, column, NULL);
}
