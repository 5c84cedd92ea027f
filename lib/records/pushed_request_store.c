#include "lib/records/pushed_request_store.h"

void pushed_request_insert(struct database *db, const struct pushed_request *request)
{
	database_change(db, "INSERT INTO pushed_requests (request_hash, client_id, parameters, expires_at)"
		" VALUES (?1, ?2, ?3, ?4)", "httn", request->request_hash, request->client_id, request->parameters, request->expires_at);
}

const struct pushed_request *pushed_request_find(struct database *db, const unsigned char *request_hash, int64_t now)
{
	struct statement *row = database_query(db, "SELECT client_id, parameters, expires_at FROM pushed_requests"
		" WHERE request_hash = ?1 AND expires_at > ?2", "hn", request_hash, now);
	struct pushed_request *request = NULL;

	if (statement_row(row)) {
		request = arena_alloc(database_arena(db), sizeof *request);
		request->request_hash = request_hash;
		request->client_id = statement_text(row, 0);
		request->parameters = statement_text(row, 1);
		request->expires_at = statement_number(row, 2);
	}
	statement_end(row);
	return request;
}

void pushed_request_extend(struct database *db, const unsigned char *request_hash, int64_t expires_at)
{
	database_change(db, "UPDATE pushed_requests SET expires_at = ?2 WHERE request_hash = ?1 AND expires_at < ?2", "hn",
		request_hash, expires_at);
}

bool pushed_request_remove(struct database *db, const unsigned char *request_hash)
{
	return database_change(db, "DELETE FROM pushed_requests WHERE request_hash = ?1", "h", request_hash) == 1;
}

int64_t pushed_request_remove_expired(struct database *db, int64_t now, int limit)
{
	return database_change(db, "DELETE FROM pushed_requests WHERE request_hash IN"
		" (SELECT request_hash FROM pushed_requests WHERE expires_at <= ?1 LIMIT ?2)", "nn", now, (int64_t)limit);
}
