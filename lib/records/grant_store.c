#include "lib/records/grant_store.h"
#include "lib/records/required_text.h"

#define COLUMNS \
	"grant_id, code_hash, code_expires_at, code_used_at_ms, client_id, user_id, sid, redirect_uri," \
	" code_challenge, nonce, scope, claims_id_token, claims_userinfo, resource, confirmation, auth_time, amr, acr," \
	" created_at, expires_at, revoked_at"
#define REFRESH_COLUMNS \
	", refresh_generation, refresh_hash, refresh_previous_hash, refresh_previous_used_at, refresh_successor," \
	" refresh_expires_at, refresh_ends_at"

static const struct grant *read_one(struct database *db, struct statement *row)
{
	struct grant *grant = NULL;

	if (statement_row(row)) {
		grant = arena_alloc(database_arena(db), sizeof *grant);
		grant->grant_id = statement_text(row, 0);
		grant->code_hash = statement_bytes(row, 1, NULL);
		grant->code_expires_at = statement_number(row, 2);
		grant->code_used_at_ms = statement_number(row, 3);
		grant->client_id = statement_text(row, 4);
		grant->user_id = statement_text(row, 5);
		grant->sid = statement_text(row, 6);
		grant->redirect_uri = statement_text(row, 7);
		grant->code_challenge = statement_text(row, 8);
		grant->nonce = statement_text(row, 9);
		grant->scope = statement_text(row, 10);
		grant->claims_id_token = statement_text(row, 11);
		grant->claims_userinfo = statement_text(row, 12);
		grant->resource = statement_text(row, 13);
		grant->confirmation = statement_text(row, 14);
		grant->auth_time = statement_number(row, 15);
		grant->amr = statement_text(row, 16);
		grant->acr = statement_text(row, 17);
		grant->created_at = statement_number(row, 18);
		grant->expires_at = statement_number(row, 19);
		grant->revoked_at = statement_number(row, 20);
		grant->refresh_generation = statement_number(row, 21);
		grant->refresh_hash = statement_bytes(row, 22, NULL);
		grant->refresh_previous_hash = statement_bytes(row, 23, NULL);
		grant->refresh_previous_used_at = statement_number(row, 24);
		grant->refresh_successor = statement_bytes(row, 25, NULL);
		grant->refresh_expires_at = statement_number(row, 26);
		grant->refresh_ends_at = statement_number(row, 27);
	}
	statement_end(row);
	return grant;
}

const struct grant *grant_find_by_code(struct database *db, const unsigned char *code_hash)
{
	return read_one(db, database_query(db, "SELECT " COLUMNS REFRESH_COLUMNS " FROM grants WHERE code_hash = ?1", "h", code_hash));
}

const struct grant *grant_find(struct database *db, const char *grant_id)
{
	return read_one(db, database_query(db, "SELECT " COLUMNS REFRESH_COLUMNS " FROM grants WHERE grant_id = ?1", "t", grant_id));
}

void grant_insert(struct database *db, const struct grant *grant)
{
	database_change(db,
		"INSERT INTO grants (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
		" ?16, ?17, ?18, ?19, ?20, ?21)",
		"thoo" "tttttttttttn" "ttnno",
		grant->grant_id, grant->code_hash, grant->code_expires_at, grant->code_used_at_ms,
		grant->client_id, grant->user_id, grant->sid, required_text(grant->redirect_uri), grant->code_challenge,
		grant->nonce, required_text(grant->scope), grant->claims_id_token, grant->claims_userinfo,
		grant->resource, grant->confirmation, grant->auth_time,
		required_text(grant->amr), required_text(grant->acr), grant->created_at, grant->expires_at,
		grant->revoked_at);
}

/* Neither user nor client was disabled meanwhile. */
#define STILL_ENABLED \
	" AND EXISTS (SELECT 1 FROM users u WHERE u.user_id = grants.user_id AND u.disabled_at IS NULL)" \
	" AND EXISTS (SELECT 1 FROM clients c WHERE c.client_id = grants.client_id AND c.disabled_at IS NULL)"

bool grant_use_code(struct database *db, const char *grant_id, int64_t now, int64_t now_ms, int64_t expires_at)
{
	return database_change(db, "UPDATE grants SET code_used_at_ms = ?3, expires_at = ?4"
		" WHERE grant_id = ?1 AND code_used_at_ms IS NULL AND code_expires_at > ?2 AND revoked_at IS NULL"
		STILL_ENABLED,
		"tnnn", grant_id, now, now_ms, expires_at) == 1;
}

void grant_start_refresh(struct database *db, const char *grant_id, const unsigned char *hash, int64_t expires_at, int64_t ends_at)
{
	database_change(db, "UPDATE grants SET refresh_generation = 1, refresh_hash = ?2, refresh_expires_at = ?3,"
		" refresh_ends_at = ?4 WHERE grant_id = ?1", "thnn", grant_id, hash, expires_at, ends_at);
}

bool grant_rotate(struct database *db, const struct grant_rotation *rotation, int64_t now)
{
	return database_change(db, "UPDATE grants SET refresh_generation = ?4, refresh_hash = ?3, refresh_previous_hash = ?2,"
		" refresh_previous_used_at = ?8, refresh_successor = ?5, refresh_expires_at = ?6,"
		" expires_at = CASE WHEN expires_at > ?7 THEN expires_at ELSE ?7 END"
		" WHERE grant_id = ?1 AND refresh_hash = ?2 AND revoked_at IS NULL AND refresh_expires_at > ?8 AND refresh_ends_at > ?8"
		STILL_ENABLED, "thhnhnnn",
		rotation->grant_id, rotation->old_hash, rotation->new_hash, rotation->generation, rotation->successor,
		rotation->refresh_expires_at, rotation->expires_at, now) == 1;
}

bool grant_may_retry(struct database *db, const char *grant_id, const unsigned char *previous_hash, int64_t since)
{
	struct statement *row = database_query(db, "SELECT 1 FROM grants WHERE grant_id = ?1 AND refresh_previous_hash = ?2"
		" AND refresh_previous_used_at >= ?3 AND refresh_successor IS NOT NULL AND revoked_at IS NULL" STILL_ENABLED,
		"thn", grant_id, previous_hash, since);
	bool may = statement_row(row);

	statement_end(row);
	return may;
}

bool grant_revoke(struct database *db, const char *grant_id, int64_t now)
{
	return database_change(db, "UPDATE grants SET revoked_at = ?2 WHERE grant_id = ?1 AND revoked_at IS NULL",
		"tn", grant_id, now) == 1;
}

/* A whole word is looked for by replace(): LIKE heeds case in PostgreSQL alone. */
#define NOT_OFFLINE " AND replace(' ' || scope || ' ', ' offline_access ', '') = ' ' || scope || ' '"

int64_t grant_revoke_session(struct database *db, const char *sid, const char *user_id, int64_t now)
{
	return database_change(db, "UPDATE grants SET revoked_at = ?3"
		" WHERE user_id = ?2 AND sid = ?1 AND revoked_at IS NULL" NOT_OFFLINE, "ttn", sid, user_id, now);
}

int64_t grant_revoke_other_sessions(struct database *db, const char *sid, const char *user_id, int64_t now)
{
	return database_change(db, "UPDATE grants SET revoked_at = ?3"
		" WHERE user_id = ?2 AND sid <> ?1 AND revoked_at IS NULL" NOT_OFFLINE, "ttn", sid, user_id, now);
}

void grant_list_allowed(struct database *db, const char *user_id, const char *client_id, int64_t now,
	void (*each)(void *context, const char *scope, const char *resource), void *context)
{
	struct statement *row = database_query(db, "SELECT DISTINCT scope, resource FROM grants"
		" WHERE user_id = ?1 AND client_id = ?2 AND revoked_at IS NULL AND expires_at > ?3"
		" AND (code_used_at_ms IS NOT NULL OR code_expires_at > ?3)", "ttn", user_id, client_id, now);

	while (statement_row(row)) {
		const char *scope = statement_text(row, 0);
		each(context, scope, statement_text(row, 1));
	}
}

int64_t grant_revoke_session_whole(struct database *db, const char *sid, const char *user_id, int64_t now)
{
	return database_change(db, "UPDATE grants SET revoked_at = ?3 WHERE user_id = ?2 AND sid = ?1 AND revoked_at IS NULL",
		"ttn", sid, user_id, now);
}

int64_t grant_revoke_user(struct database *db, const char *user_id, const char *client_id, int64_t now)
{
	if (client_id == NULL)
		return database_change(db, "UPDATE grants SET revoked_at = ?2 WHERE user_id = ?1 AND revoked_at IS NULL",
			"tn", user_id, now);
	return database_change(db,
		"UPDATE grants SET revoked_at = ?3 WHERE user_id = ?1 AND client_id = ?2 AND revoked_at IS NULL",
		"ttn", user_id, client_id, now);
}

int64_t grant_remove_expired(struct database *db, int64_t now, int limit)
{
	return database_change(db, "DELETE FROM grants WHERE grant_id IN"
		" (SELECT grant_id FROM grants WHERE expires_at <= ?1 LIMIT ?2)", "nn", now, (int64_t)limit);
}
