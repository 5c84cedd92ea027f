#include "lib/records/resource_store.h"

#define COLUMNS "resource, name, client_id, access_token_seconds, signing_alg, created_at"

static const struct resource *read_resource(struct database *db, struct statement *row)
{
	struct resource *resource = arena_alloc(database_arena(db), sizeof *resource);

	resource->resource = statement_text(row, 0);
	resource->name = statement_text(row, 1);
	resource->client_id = statement_text(row, 2);
	resource->access_token_seconds = statement_number(row, 3);
	resource->signing_alg = statement_text(row, 4);
	resource->created_at = statement_number(row, 5);
	return resource;
}

const struct resource *resource_find(struct database *db, const char *resource)
{
	struct statement *row = database_query(db, "SELECT " COLUMNS " FROM resources WHERE resource = ?1", "t", resource);
	const struct resource *found = statement_row(row) ? read_resource(db, row) : NULL;

	statement_end(row);
	return found;
}

bool resource_insert(struct database *db, const struct resource *resource)
{
	return database_change(db, "INSERT INTO resources (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
		" ON CONFLICT (resource) DO NOTHING", "tttotn", resource->resource, resource->name, resource->client_id,
		resource->access_token_seconds, resource->signing_alg, resource->created_at) == 1;
}

bool resource_remove(struct database *db, const char *resource)
{
	return database_change(db, "DELETE FROM resources WHERE resource = ?1", "t", resource) == 1;
}

void resource_list(struct database *db, void (*each)(void *context, const struct resource *resource), void *context)
{
	struct statement *row = database_query(db, "SELECT " COLUMNS " FROM resources ORDER BY resource", "");

	while (statement_row(row))
		each(context, read_resource(db, row));
}
