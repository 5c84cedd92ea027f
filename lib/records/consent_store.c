#include "lib/records/consent_store.h"
#include "lib/records/required_text.h"

#define COLUMNS "user_id, client_id, scope, claims, granted_at, last_used_at"

const struct consent *consent_find(struct database *db, const char *user_id, const char *client_id)
{
	struct statement *row = database_query(db,
		"SELECT " COLUMNS " FROM consents WHERE user_id = ?1 AND client_id = ?2", "tt", user_id, client_id);
	struct consent *consent = NULL;

	if (statement_row(row)) {
		consent = arena_alloc(database_arena(db), sizeof *consent);
		consent->user_id = statement_text(row, 0);
		consent->client_id = statement_text(row, 1);
		consent->scope = statement_text(row, 2);
		consent->claims = statement_text(row, 3);
		consent->granted_at = statement_number(row, 4);
		consent->last_used_at = statement_number(row, 5);
	}
	statement_end(row);
	return consent;
}

void consent_save(struct database *db, const struct consent *consent)
{
	database_change(db, "INSERT INTO consents (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
		" ON CONFLICT (user_id, client_id) DO UPDATE SET scope = excluded.scope, claims = excluded.claims,"
		" granted_at = excluded.granted_at, last_used_at = excluded.last_used_at", "ttttnn",
		consent->user_id, consent->client_id, required_text(consent->scope), required_text(consent->claims),
		consent->granted_at, consent->last_used_at);
}

void consent_touch(struct database *db, const char *user_id, const char *client_id, int64_t now)
{
	database_change(db, "UPDATE consents SET last_used_at = ?3 WHERE user_id = ?1 AND client_id = ?2", "ttn",
		user_id, client_id, now);
}

bool consent_remove(struct database *db, const char *user_id, const char *client_id)
{
	return database_change(db, "DELETE FROM consents WHERE user_id = ?1 AND client_id = ?2", "tt", user_id,
		client_id) == 1;
}
