#include "lib/records/outbox_store.h"

void outbox_add(struct database *db, const struct outbox_row *row)
{
	database_change(db, "INSERT INTO outbox (kind, user_id, client_id, sid, detail, created_at, attempts, due_at)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?6)", "tttttn",
		row->kind, row->user_id, row->client_id, row->sid, row->detail, row->created_at);
}

bool outbox_has(struct database *db, const char *kind, const char *user_id)
{
	struct statement *row = database_query(db, "SELECT 1 FROM outbox WHERE user_id = ?1 AND kind = ?2", "tt", user_id, kind);
	bool found = statement_row(row);
	statement_end(row);
	return found;
}

const struct outbox_row *outbox_take(struct database *db, int64_t now, int64_t lease_seconds)
{
	struct statement *row = database_query(db, "UPDATE outbox SET attempts = attempts + 1, due_at = ?1 + ?2"
		" WHERE outbox_id = (SELECT outbox_id FROM outbox WHERE due_at <= ?1 ORDER BY due_at, outbox_id LIMIT 1)"
		" RETURNING outbox_id, kind, user_id, client_id, sid, detail, created_at, attempts", "nn", now, lease_seconds);
	struct outbox_row *taken = NULL;

	if (statement_row(row)) {
		taken = arena_alloc(database_arena(db), sizeof *taken);
		taken->outbox_id = statement_number(row, 0);
		taken->kind = statement_text(row, 1);
		taken->user_id = statement_text(row, 2);
		taken->client_id = statement_text(row, 3);
		taken->sid = statement_text(row, 4);
		taken->detail = statement_text(row, 5);
		taken->created_at = statement_number(row, 6);
		taken->attempts = statement_number(row, 7);
	}
	statement_end(row);
	return taken;
}

/* Every taking counts, so the count says whose the row is. */
bool outbox_remove(struct database *db, const struct outbox_row *row)
{
	return database_change(db, "DELETE FROM outbox WHERE outbox_id = ?1 AND attempts = ?2", "nn",
		row->outbox_id, row->attempts) == 1;
}

bool outbox_put_back(struct database *db, const struct outbox_row *row, int64_t due_at, bool counts)
{
	return database_change(db, "UPDATE outbox SET due_at = ?3, attempts = attempts - ?4 WHERE outbox_id = ?1 AND attempts = ?2",
		"nnnn", row->outbox_id, row->attempts, due_at, (int64_t)(counts ? 0 : 1)) == 1;
}

int64_t outbox_remove_expired(struct database *db, int64_t now, int limit)
{
	return database_change(db, "DELETE FROM outbox WHERE outbox_id IN"
		" (SELECT outbox_id FROM outbox WHERE due_at <= ?1 LIMIT ?2)", "nn", now - OUTBOX_SECONDS, (int64_t)limit);
}

int64_t outbox_next_due(struct database *db)
{
	struct statement *row = database_query(db, "SELECT due_at FROM outbox ORDER BY due_at LIMIT 1", "");
	int64_t due_at = statement_row(row) ? statement_number(row, 0) : 0;

	statement_end(row);
	return due_at;
}

int64_t outbox_count_before(struct database *db, int64_t at, bool tried)
{
	struct statement *row = database_query(db, "SELECT count(*) FROM outbox WHERE created_at < ?1 AND (attempts > 0) = ?2", "nn", at,
		(int64_t)tried);
	int64_t count = statement_row(row) ? statement_number(row, 0) : 0;

	statement_end(row);
	return count;
}
