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

#define GRANT_COUNTS \
	"g.user_id = ?1 AND g.revoked_at IS NULL AND g.expires_at > ?2" \
	" AND (g.code_used_at_ms IS NOT NULL OR g.code_expires_at > ?2)"
#define OF_GRANTS(what) "(SELECT " what " FROM grants g WHERE g.client_id = c.client_id AND " GRANT_COUNTS ")"

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void consent_list_applications(struct database *db, const char *user_id, int64_t now, const char *name, const char *client_id,
	int limit, void (*each)(void *context, const struct application *application), void *context)
{
	struct statement *row = database_query(db, "SELECT c.client_id, c.client_name, c.client_uri, c.logo_uri, o.scope, o.claims,"
		" coalesce(o.granted_at, " OF_GRANTS("min(g.created_at)") "), o.last_used_at, " OF_GRANTS("max(g.created_at)") ", "
		OF_GRANTS("max(g.refresh_previous_used_at)")
		" FROM clients c LEFT JOIN consents o ON o.user_id = ?1 AND o.client_id = c.client_id"
		" WHERE c.client_id IN (SELECT client_id FROM consents WHERE user_id = ?1"
		" UNION SELECT g.client_id FROM grants g WHERE " GRANT_COUNTS ")"
		" AND (c.client_name > ?3 OR (c.client_name = ?3 AND c.client_id > ?4))"
		" ORDER BY c.client_name, c.client_id LIMIT ?5", "tnttn", user_id, now, name, client_id, (int64_t)limit);

	while (statement_row(row)) {
		struct application found = { .client_id = statement_text(row, 0), .name = statement_text(row, 1),
			.uri = statement_text(row, 2), .logo_uri = statement_text(row, 3), .scope = statement_text(row, 4),
			.claims = statement_text(row, 5), .granted_at = statement_number(row, 6) };

		found.last_used_at = later(later(statement_number(row, 7), statement_number(row, 8)), statement_number(row, 9));
		each(context, &found);
	}
}

bool consent_remove(struct database *db, const char *user_id, const char *client_id)
{
	return database_change(db, "DELETE FROM consents WHERE user_id = ?1 AND client_id = ?2", "tt", user_id,
		client_id) == 1;
}
