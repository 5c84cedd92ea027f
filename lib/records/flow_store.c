#include <string.h>

#include "lib/records/flow_store.h"

#define COLUMNS \
	"flow_id, secret_hash, client_id, redirect_uri, response_mode, state, scope, nonce, code_challenge, id_token_hint," \
	" claims, claims_id_token, claims_userinfo, resource, confirmation, prompt, max_age, login_hint, required_user_id," \
	" selected_user_id, address, created_at, expires_at, pushed_request_hash," \
	" acr_values, first_user_id, first_at, stay, passkey_challenges"

static struct flow *read_flow(struct database *db, struct statement *row)
{
	struct flow *flow = arena_alloc(database_arena(db), sizeof *flow);
	int column = 0;

	flow->flow_id = statement_text(row, column++);
	flow->secret_hash = statement_bytes(row, column++, NULL);
	flow->client_id = statement_text(row, column++);
	flow->redirect_uri = statement_text(row, column++);
	flow->response_mode = statement_text(row, column++);
	flow->state = statement_text(row, column++);
	flow->scope = statement_text(row, column++);
	flow->nonce = statement_text(row, column++);
	flow->code_challenge = statement_text(row, column++);
	flow->id_token_hint = statement_text(row, column++);
	flow->claims = statement_text(row, column++);
	flow->claims_id_token = statement_text(row, column++);
	flow->claims_userinfo = statement_text(row, column++);
	flow->resource = statement_text(row, column++);
	flow->confirmation = statement_text(row, column++);
	flow->prompt = statement_text(row, column++);
	flow->max_age = statement_is_null(row, column) ? -1 : statement_number(row, column);
	column++;
	flow->login_hint = statement_text(row, column++);
	flow->required_user_id = statement_text(row, column++);
	flow->selected_user_id = statement_text(row, column++);
	flow->address = statement_text(row, column++);
	flow->created_at = statement_number(row, column++);
	flow->expires_at = statement_number(row, column++);
	flow->pushed_request_hash = statement_bytes(row, column++, NULL);
	flow->acr_values = statement_text(row, column++);
	flow->first_user_id = statement_text(row, column++);
	flow->first_at = statement_number(row, column++);
	flow->stay = statement_number(row, column++) != 0;
	flow->passkey_challenges = statement_number(row, column);
	return flow;
}

const struct flow *flow_find(struct database *db, const char *flow_id, int64_t now)
{
	struct statement *row = database_query(db,
		"SELECT " COLUMNS " FROM flows WHERE flow_id = ?1 AND expires_at > ?2", "tn", flow_id, now);
	const struct flow *flow = statement_row(row) ? read_flow(db, row) : NULL;

	statement_end(row);
	return flow;
}

void flow_insert(struct database *db, const struct flow *flow)
{
	database_change(db,
		"INSERT INTO flows (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
		" ?16, nullif(?17, -1), ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)",
		"thtttb" "tttttttttt" "nttt" "tnnh" "ttonn",
		flow->flow_id, flow->secret_hash, flow->client_id, flow->redirect_uri, flow->response_mode,
		(const void *)flow->state, flow->state == NULL ? (size_t)0 : strlen(flow->state),
		flow->scope, flow->nonce, flow->code_challenge, flow->id_token_hint, flow->claims, flow->claims_id_token,
		flow->claims_userinfo, flow->resource, flow->confirmation, flow->prompt,
		flow->max_age, flow->login_hint, flow->required_user_id, flow->selected_user_id,
		flow->address, flow->created_at, flow->expires_at, flow->pushed_request_hash,
		flow->acr_values, flow->first_user_id, flow->first_at, (int64_t)flow->stay, flow->passkey_challenges);
}

void flow_set_selected(struct database *db, const char *flow_id, const char *user_id)
{
	database_change(db, "UPDATE flows SET selected_user_id = ?2 WHERE flow_id = ?1", "tt", flow_id, user_id);
}

void flow_set_first(struct database *db, const char *flow_id, const char *user_id, int64_t now, bool stay)
{
	database_change(db, "UPDATE flows SET first_user_id = ?2, first_at = ?3, stay = ?4 WHERE flow_id = ?1", "ttnn",
		flow_id, user_id, now, (int64_t)stay);
}

bool flow_use_passkey_challenge(struct database *db, const char *flow_id, int64_t number)
{
	return database_change(db, "UPDATE flows SET passkey_challenges = passkey_challenges + 1"
		" WHERE flow_id = ?1 AND passkey_challenges = ?2", "tn", flow_id, number) == 1;
}

void flow_set_read(struct database *db, const char *flow_id, const char *id_token, const char *userinfo,
	const char *required_user_id)
{
	database_change(db, "UPDATE flows SET id_token_hint = NULL, claims_id_token = ?2, claims_userinfo = ?3,"
		" required_user_id = ?4 WHERE flow_id = ?1", "tttt", flow_id, id_token, userinfo, required_user_id);
}

bool flow_remove(struct database *db, const char *flow_id)
{
	return database_change(db, "DELETE FROM flows WHERE flow_id = ?1", "t", flow_id) == 1;
}

int64_t flow_remove_expired(struct database *db, int64_t now, int limit)
{
	return database_change(db, "DELETE FROM flows WHERE flow_id IN"
		" (SELECT flow_id FROM flows WHERE expires_at <= ?1 LIMIT ?2)", "nn", now, (int64_t)limit);
}
