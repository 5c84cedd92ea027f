#include "lib/records/link_store.h"

void link_insert(struct database *db, const struct link *link)
{
	database_change(db, "INSERT INTO links (link_hash, kind, user_id, detail, created_at, expires_at)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6)", "htttnn",
		link->link_hash, link->kind, link->user_id, link->detail, link->created_at, link->expires_at);
}

const struct link *link_find(struct database *db, const char *kind, const unsigned char *link_hash, int64_t now)
{
	struct statement *row = database_query(db, "SELECT link_hash, kind, user_id, detail, created_at, expires_at FROM links"
		" WHERE link_hash = ?1 AND kind = ?2 AND expires_at > ?3", "htn", link_hash, kind, now);
	struct link *link = NULL;

	if (statement_row(row)) {
		link = arena_alloc(database_arena(db), sizeof *link);
		link->link_hash = statement_bytes(row, 0, NULL);
		link->kind = statement_text(row, 1);
		link->user_id = statement_text(row, 2);
		link->detail = statement_text(row, 3);
		link->created_at = statement_number(row, 4);
		link->expires_at = statement_number(row, 5);
	}
	statement_end(row);
	return link;
}

bool link_use(struct database *db, const unsigned char *link_hash, int64_t now)
{
	return database_change(db, "DELETE FROM links WHERE link_hash = ?1 AND expires_at > ?2", "hn", link_hash, now) == 1;
}

void link_remove_of_user(struct database *db, const char *user_id, const char *kind)
{
	database_change(db, "DELETE FROM links WHERE user_id = ?1 AND (?2 IS NULL OR kind = ?2)", "tt", user_id, kind);
}

int64_t link_remove_expired(struct database *db, int64_t now, int limit)
{
	return database_change(db, "DELETE FROM links WHERE link_hash IN"
		" (SELECT link_hash FROM links WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)", "nn", now, (int64_t)limit);
}
