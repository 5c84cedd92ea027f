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
