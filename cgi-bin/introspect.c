/*
 * Introspection (RFC 7662): a resource server asks whether a token counts, and for what. The answer can be a signed JWT
 * (RFC 9701). Who may not ask about a token is told that it is not active, as if it did not exist.
 * Changes: nothing but the counter of wrong client secrets.
 */
#include <string.h>

#include "lib/base/json_write.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/jws.h"
#include "lib/endpoint/endpoint.h"
#include "lib/protocol/client_authentication.h"
#include "lib/protocol/refresh_token.h"
#include "lib/protocol/signing.h"
#include "lib/records/access_token_store.h"
#include "lib/records/grant_store.h"
#include "lib/records/resource_store.h"
#include "lib/records/session_store.h"
#include "lib/records/user_store.h"

/* What is told of a token of either kind. */
struct described {
	const char *client_id, *user_id, *scope, *audience, *token_type;
	int64_t issued_at, expires_at;
};

static bool find_access_token(struct context *c, const char *text, struct described *token)
{
	const struct access_token *access = access_token_find(c->database, sha256_of(c->arena, text), c->now);
	if (access)
		*token = (struct described){ access->client_id, access->user_id, access->scope, access->audience, "Bearer",
			access->issued_at, access->expires_at };
	return access != NULL;
}

static bool find_refresh_token(struct context *c, const char *text, struct described *token)
{
	struct refresh_token refresh;
	if (!refresh_token_read(c, text, &refresh))
		return false;
	const struct grant *grant = grant_find(c->database, refresh.grant_id);
	if (!grant || grant->revoked_at || grant->refresh_expires_at <= c->now || !grant->refresh_hash
		|| memcmp(sha256_of(c->arena, text), grant->refresh_hash, SHA256_BYTES) != 0)
		return false;
	if (!words_contain(grant->scope, "offline_access") && !session_is_alive(c->database, grant->user_id, grant->sid, c->now))
		return false;
	*token = (struct described){ grant->client_id, grant->user_id, grant->scope, c->config->issuer, "refresh_token",
		grant->created_at, grant->refresh_expires_at };
	return true;
}

/* Its own tokens, those for an API that it is, or any if the operator says so. */
static bool may_ask(struct context *c, const struct client *client, const struct described *token)
{
	if (text_equal(token->client_id, client->client_id) || text_equal(client->introspection, "all"))
		return true;
	for (const char *cursor = token->audience, *word; (word = words_next(c->arena, &cursor));) {
		if (text_equal(word, c->config->issuer))
			continue;
		const struct resource *resource = resource_find(c->database, word);
		if (resource && text_equal(resource->client_id, client->client_id))
			return true;
	}
	return false;
}

static void write_user(struct context *c, struct buffer *out, const char *user_id)
{
	const struct user *user = user_id ? user_find(c->database, user_id) : NULL;
	if (!user)
		return;
	struct claims claims = user_claims(c->database, user_id);
	const char *email = claims_find(&claims, "email");
	json_text(out, "username", user->username);
	if (email)
		json_raw(out, "email", email);
}

static void write_answer(struct context *c, struct buffer *out, const char *name, const struct described *token)
{
	json_object_open(out, name);
	json_bool(out, "active", token != NULL);
	if (token) {
		json_text(out, "scope", token->scope);
		json_text(out, "client_id", token->client_id);
		write_user(c, out, token->user_id);
		json_text(out, "token_type", token->token_type);
		json_number(out, "exp", token->expires_at);
		json_number(out, "iat", token->issued_at);
		json_text(out, "sub", token->user_id ? token->user_id : token->client_id);
		if (words_count(token->audience) == 1)
			json_text(out, "aud", token->audience);
		else
			json_words(out, "aud", token->audience);
		json_text(out, "iss", c->config->issuer);
	}
	json_object_close(out);
}

/* RFC 9701 5: the answer as a claim, for the client that asked. */
static enum outcome answer_signed(struct context *c, const struct client *client, const struct described *token)
{
	struct buffer payload = buffer_create(c->arena, 512);
	json_object_open(&payload, NULL);
	json_text(&payload, "iss", c->config->issuer);
	json_text(&payload, "aud", client->client_id);
	json_number(&payload, "iat", c->now);
	write_answer(c, &payload, "token_introspection", token);
	json_object_close(&payload);

	struct signing_key *key = signing_key_require(c, "RS256");
	const char *jwt = jws_sign(c->arena, key, "token-introspection+jwt", payload.data);
	if (!jwt)
		fail(c, "signing the introspection answer failed");
	buffer_text(&c->response.body, jwt);
	response_header(c, "Content-Type", "application/token-introspection+jwt");
	c->response.status = 200;
	return OUTCOME_ANSWERED;
}

static enum outcome handle(struct context *c)
{
	struct described token;
	const struct client *client = client_authentication_require(c);
	if (client_is_public(client))
		return refuse_because(c, INVALID_CLIENT, "RFC 7662 2.1", "A public client may not introspect.");
	const char *text = parameter_require(c, "token", "RFC 7662 2.1");
	bool active = find_access_token(c, text, &token) || find_refresh_token(c, text, &token);
	const struct described *told = active && may_ask(c, client, &token) ? &token : NULL;

	if (c->request.accept && strstr(c->request.accept, "application/token-introspection+jwt"))
		return answer_signed(c, client, told);
	write_answer(c, &c->response.body, NULL, told);
	return response_json(c, 200);
}

static const struct parameter parameters[] = {
	CLIENT_AUTHENTICATION_PARAMETERS,
	{ "token", is_visible_ascii, 8192, false },
	{ "token_type_hint", is_visible_ascii, 64, false },
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "introspect",
	.purpose = "tells a resource server whether a token counts",
	.specification = "RFC 7662; RFC 9701",
	.methods = METHOD_POST,
	.answers = ANSWERS_JSON,
	.parameters = parameters,
	.reads = "grants users user_claims sessions " SIGNING_READS,
	.writes = SIGNING_WRITES " " CLIENT_AUTHENTICATION_TABLES,
	.keys = "refresh " SIGNING_KEYS " " CLIENT_AUTHENTICATION_KEYS,
	.handle = handle,
};
