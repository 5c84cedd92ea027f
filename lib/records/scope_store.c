#include "lib/records/scope_store.h"

#define COLUMNS "scope, description, resource, created_at"

static struct registered_scope *read_scope(struct database *db, struct statement *row)
{
	struct registered_scope *scope = arena_alloc(database_arena(db), sizeof *scope);

	scope->scope = statement_text(row, 0);
	scope->description = statement_text(row, 1);
	scope->resource = statement_text(row, 2);
	scope->created_at = statement_number(row, 3);
	return scope;
}

const struct registered_scope *scope_find(struct database *db, const char *scope)
{
	struct statement *row = database_query(db, "SELECT " COLUMNS " FROM scopes WHERE scope = ?1", "t", scope);
	const struct registered_scope *found = statement_row(row) ? read_scope(db, row) : NULL;

	statement_end(row);
	return found;
}

const struct registered_scope *scope_patterns(struct database *db)
{
	struct statement *row = database_query(db, "SELECT " COLUMNS " FROM scopes WHERE replace(scope, '*', '') <> scope"
		" ORDER BY length(scope) DESC, scope", "");
	const struct registered_scope *first = NULL, **end = &first;

	while (statement_row(row)) {
		struct registered_scope *scope = read_scope(db, row);

		*end = scope;
		end = &scope->next;
	}
	return first;
}

bool scope_insert(struct database *db, const struct registered_scope *scope)
{
	return database_change(db, "INSERT INTO scopes (" COLUMNS ") VALUES (?1, ?2, ?3, ?4)"
		" ON CONFLICT (scope) DO NOTHING", "tttn", scope->scope, scope->description, scope->resource,
		scope->created_at) == 1;
}

bool scope_remove(struct database *db, const char *scope)
{
	return database_change(db, "DELETE FROM scopes WHERE scope = ?1", "t", scope) == 1;
}

void scope_list(struct database *db, void (*each)(void *context, const struct registered_scope *scope), void *context)
{
	struct statement *row = database_query(db, "SELECT " COLUMNS " FROM scopes ORDER BY scope", "");

	while (statement_row(row))
		each(context, read_scope(db, row));
}
