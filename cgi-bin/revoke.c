/*
 * Revocation (RFC 7009): a client gives a token back. A refresh token ends with its whole grant, every access token of it
 * included; an access token ends alone. A token that is unknown or over already is no error.
 * Changes: the grant or the access token, the audit log.
 */
#include "lib/crypto/digest.h"
#include "lib/endpoint/endpoint.h"
#include "lib/protocol/client_authentication.h"
#include "lib/protocol/refresh_token.h"
#include "lib/records/access_token_store.h"
#include "lib/records/audit_store.h"
#include "lib/records/grant_store.h"

/* Some clients parse the empty body as JSON, and fail. */
static enum outcome done(struct context *c)
{
	buffer_text(&c->response.body, "{}");
	return response_json(c, 200);
}

static void audit(struct context *c, const struct client *client, const char *user_id, const char *grant_id, const char *detail)
{
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = AUDIT_REVOKED, .user_id = user_id,
		.client_id = client->client_id, .grant_id = grant_id, .address = c->request.address, .request_id = c->request_id, .detail = detail });
}

static enum outcome refuse_foreign(struct context *c)
{
	return refuse_because(c, UNAUTHORIZED_CLIENT, "RFC 7009 2.1", "The token was issued to another client.");
}

static enum outcome revoke_refresh_token(struct context *c, const struct client *client, const struct refresh_token *token)
{
	const struct grant *grant = grant_find(c->database, token->grant_id);
	if (!grant)
		return done(c);
	if (!text_equal(grant->client_id, client->client_id))
		return refuse_foreign(c);
	database_begin(c->database, DATABASE_DURABLE);
	if (grant_revoke(c->database, grant->grant_id, c->now))
		audit(c, client, grant->user_id, grant->grant_id, "refresh_token");
	database_commit(c->database);
	return done(c);
}

static enum outcome handle(struct context *c)
{
	struct refresh_token refresh;
	const struct client *client = client_authentication_require(c);
	const char *token = parameter_require(c, "token", "RFC 7009 2.1");
	if (refresh_token_read(c, token, &refresh))
		return revoke_refresh_token(c, client, &refresh);

	const unsigned char *hash = sha256_of(c->arena, token);
	const struct access_token *access = access_token_find(c->database, hash, c->now);
	if (!access)
		return done(c);
	if (!text_equal(access->client_id, client->client_id))
		return refuse_foreign(c);
	database_begin(c->database, DATABASE_DURABLE);
	if (access_token_revoke(c->database, hash, c->now))
		audit(c, client, access->user_id, access->grant_id, "access_token");
	database_commit(c->database);
	return done(c);
}

static const struct parameter parameters[] = {
	CLIENT_AUTHENTICATION_PARAMETERS,
	{ "token", is_visible_ascii, 8192, false },
	{ "token_type_hint", is_visible_ascii, 64, false },
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "revoke",
	.purpose = "ends a token that a client gives back",
	.specification = "RFC 7009",
	.methods = METHOD_POST,
	.answers = ANSWERS_JSON,
	.cors = true,
	.parameters = parameters,
	.reads = "users",
	.writes = "grants access_tokens " CLIENT_AUTHENTICATION_TABLES,
	.keys = "refresh " CLIENT_AUTHENTICATION_KEYS,
	.handle = handle,
};
