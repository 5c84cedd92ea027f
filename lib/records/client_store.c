#include "lib/base/text.h"
#include "lib/records/client_store.h"
#include "lib/records/required_text.h"

#define COLUMNS \
	"client_id, client_name, client_uri, logo_uri, policy_uri, tos_uri, application_type," \
	" token_endpoint_auth_method, secret, secret_verifier, redirect_uris, post_logout_redirect_uris," \
	" grant_types, scope, default_max_age, require_auth_time, pkce, refresh_grace_seconds, refresh_idle_seconds,"\
	" refresh_seconds, access_token_seconds, jwks, token_endpoint_auth_signing_alg,"\
	" require_pushed_authorization_requests, introspection, consent," \
	" id_token_claims, access_token_format, id_token_signed_response_alg, resource_handling, claim_mapping," \
	" groups_filter, trace, created_at, disabled_at, default_acr_values"

/* A number where NULL is told as -1. */
static int64_t number_or_none(struct statement *row, int column)
{
	return statement_is_null(row, column) ? -1 : statement_number(row, column);
}

static struct client *read_client(struct database *db, struct statement *row)
{
	struct client *client = arena_alloc(database_arena(db), sizeof *client);
	int column = 0;

	client->client_id = statement_text(row, column++);
	client->client_name = statement_text(row, column++);
	client->client_uri = statement_text(row, column++);
	client->logo_uri = statement_text(row, column++);
	client->policy_uri = statement_text(row, column++);
	client->tos_uri = statement_text(row, column++);
	client->application_type = statement_text(row, column++);
	client->token_endpoint_auth_method = statement_text(row, column++);
	client->secret = statement_text(row, column++);
	client->secret_verifier = statement_bytes(row, column++, NULL);
	client->redirect_uris = statement_text(row, column++);
	client->post_logout_redirect_uris = statement_text(row, column++);
	client->grant_types = statement_text(row, column++);
	client->scope = statement_text(row, column++);
	client->default_max_age = number_or_none(row, column++);
	client->require_auth_time = statement_number(row, column++) != 0;
	client->pkce = statement_text(row, column++);
	client->refresh_grace_seconds = number_or_none(row, column++);
	client->refresh_idle_seconds = statement_number(row, column++);
	client->refresh_seconds = statement_number(row, column++);
	client->access_token_seconds = statement_number(row, column++);
	client->jwks = statement_text(row, column++);
	client->token_endpoint_auth_signing_alg = statement_text(row, column++);
	client->require_pushed_authorization_requests = statement_number(row, column++) != 0;
	client->introspection = statement_text(row, column++);
	client->consent = statement_text(row, column++);
	client->id_token_claims = statement_text(row, column++);
	client->access_token_format = statement_text(row, column++);
	client->id_token_signed_response_alg = statement_text(row, column++);
	client->resource_handling = statement_text(row, column++);
	client->claim_rules.mapping = statement_text(row, column++);
	client->claim_rules.groups_filter = statement_text(row, column++);
	client->trace = statement_number(row, column++) != 0;
	client->created_at = statement_number(row, column++);
	client->disabled_at = statement_number(row, column++);
	client->default_acr_values = statement_text(row, column);
	return client;
}

bool client_is_public(const struct client *client)
{
	return text_equal(client->token_endpoint_auth_method, "none");
}

const struct client *client_find(struct database *db, const char *client_id)
{
	struct statement *row = database_query(db, "SELECT " COLUMNS " FROM clients WHERE client_id = ?1", "t",
		client_id);
	const struct client *client = statement_row(row) ? read_client(db, row) : NULL;

	statement_end(row);
	return client;
}

bool client_insert(struct database *db, const struct client *client)
{
	return database_change(db,
		"INSERT INTO clients (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,"
		" nullif(?15, -1), ?16, ?17, nullif(?18, -1), ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28,"
		" ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36)"
		" ON CONFLICT (client_id) DO NOTHING",
		"tttttttt" "th" "tttt" "nn" "tn" "ooottot" "ttttttt" "nnot",
		client->client_id, client->client_name, client->client_uri, client->logo_uri, client->policy_uri,
		client->tos_uri, client->application_type, client->token_endpoint_auth_method,
		client->secret, client->secret_verifier,
		required_text(client->redirect_uris), required_text(client->post_logout_redirect_uris),
		required_text(client->grant_types), required_text(client->scope),
		client->default_max_age, (int64_t)client->require_auth_time,
		client->pkce, client->refresh_grace_seconds,
		client->refresh_idle_seconds, client->refresh_seconds, client->access_token_seconds,
		client->jwks, client->token_endpoint_auth_signing_alg,
		(int64_t)client->require_pushed_authorization_requests, client->introspection,
		client->consent, client->id_token_claims, client->access_token_format,
		client->id_token_signed_response_alg, client->resource_handling,
		required_text(client->claim_rules.mapping), required_text(client->claim_rules.groups_filter),
		(int64_t)client->trace, client->created_at, client->disabled_at,
		client->default_acr_values) == 1;
}

bool client_remove(struct database *db, const char *client_id)
{
	/* Tokens of client_credentials hang on no grant: they would count again for a new client of the same id. */
	database_change(db, "DELETE FROM access_tokens WHERE client_id = ?1", "t", client_id);
	return database_change(db, "DELETE FROM clients WHERE client_id = ?1", "t", client_id) == 1;
}

void client_list(struct database *db, void (*each)(void *context, const struct client *client), void *context)
{
	struct statement *row = database_query(db, "SELECT " COLUMNS " FROM clients ORDER BY client_id", "");

	while (statement_row(row))
		each(context, read_client(db, row));
}

void client_list_of_session(struct database *db, const char *user_id, const char *sid,
	void (*each)(void *context, const struct client *client), void *context)
{
	struct statement *row = database_query(db, "SELECT " COLUMNS " FROM clients WHERE disabled_at IS NULL AND client_id IN"
		" (SELECT client_id FROM grants WHERE user_id = ?1 AND sid = ?2) ORDER BY client_id", "tt", user_id, sid);

	while (statement_row(row))
		each(context, read_client(db, row));
}

void client_set_secret(struct database *db, const char *client_id, const char *sealed)
{
	database_change(db, "UPDATE clients SET secret = ?2, secret_verifier = NULL WHERE client_id = ?1", "tt",
		client_id, sealed);
}

void client_set_verifier(struct database *db, const char *client_id, const char *sealed_secret,
	const unsigned char *verifier)
{
	database_change(db, "UPDATE clients SET secret_verifier = ?3 WHERE client_id = ?1 AND secret = ?2", "tth",
		client_id, sealed_secret, verifier);
}
