#include "lib/records/access_token_store.h"
#include "lib/records/required_text.h"

/* userinfo and introspection ask this once a request: one statement joins all that can make a token void. */
const struct access_token *access_token_find(struct database *db, const unsigned char *token_hash, int64_t now)
{
	struct statement *row = database_query(db,
		"SELECT t.token_hash, t.grant_id, t.client_id, t.user_id, t.scope, t.audience, t.confirmation, t.issued_at,"
		" t.expires_at, g.claims_userinfo, c.claim_mapping, c.groups_filter"
		" FROM access_tokens t JOIN clients c ON c.client_id = t.client_id"
		" LEFT JOIN users u ON u.user_id = t.user_id LEFT JOIN grants g ON g.grant_id = t.grant_id"
		" WHERE t.token_hash = ?1 AND t.expires_at > ?2 AND t.revoked_at IS NULL AND c.disabled_at IS NULL"
		" AND (t.user_id IS NULL OR u.user_id IS NOT NULL) AND u.disabled_at IS NULL"
		" AND (t.grant_id IS NULL OR g.grant_id IS NOT NULL) AND g.revoked_at IS NULL",
		"hn", token_hash, now);
	struct access_token *token = NULL;

	if (statement_row(row)) {
		token = arena_alloc(database_arena(db), sizeof *token);
		token->token_hash = statement_bytes(row, 0, NULL);
		token->grant_id = statement_text(row, 1);
		token->client_id = statement_text(row, 2);
		token->user_id = statement_text(row, 3);
		token->scope = statement_text(row, 4);
		token->audience = statement_text(row, 5);
		token->confirmation = statement_text(row, 6);
		token->issued_at = statement_number(row, 7);
		token->expires_at = statement_number(row, 8);
		token->claims_userinfo = statement_text(row, 9);
		token->claim_rules.mapping = statement_text(row, 10);
		token->claim_rules.groups_filter = statement_text(row, 11);
	}
	statement_end(row);
	return token;
}

void access_token_insert(struct database *db, const struct access_token *token)
{
	database_change(db, "INSERT INTO access_tokens (token_hash, grant_id, client_id, user_id, scope, audience,"
		" confirmation, issued_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", "httttttnn",
		token->token_hash, token->grant_id, token->client_id, token->user_id, required_text(token->scope),
		required_text(token->audience), token->confirmation, token->issued_at, token->expires_at);
}

int64_t access_token_remove_expired(struct database *db, int64_t now, int limit)
{
	return database_change(db, "DELETE FROM access_tokens WHERE token_hash IN"
		" (SELECT token_hash FROM access_tokens WHERE expires_at <= ?1 LIMIT ?2)", "nn", now, (int64_t)limit);
}

bool access_token_revoke(struct database *db, const unsigned char *token_hash, int64_t now)
{
	return database_change(db, "UPDATE access_tokens SET revoked_at = ?2 WHERE token_hash = ?1 AND revoked_at IS NULL", "hn",
		token_hash, now) == 1;
}
