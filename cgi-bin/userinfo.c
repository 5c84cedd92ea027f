/*
 * The userinfo endpoint (OpenID Connect Core 5.3): what the bearer of an access token may know of its user. The token
 * is found by its hash, so one that was revoked stops at once, and no signature has to be checked.
 * Changes: nothing.
 */
#include "lib/base/json_write.h"
#include "lib/crypto/digest.h"
#include "lib/endpoint/endpoint.h"
#include "lib/protocol/claims.h"
#include "lib/records/access_token_store.h"

/* By header, or by the body of a form; never by the query, which ends up in logs (RFC 6750 5.3). */
static const char *require_bearer(struct context *c)
{
	const char *header = request_credentials(&c->request, "Bearer");
	const char *body = c->request.method == METHOD_POST ? parameter(c, "access_token") : NULL;
	if (header && body)
		refuse_because_and_leave(c, INVALID_REQUEST, "RFC 6750 2", "The access token was sent in two ways.");
	if (!header && !body)
		refuse_and_leave(c, TOKEN_MISSING, "RFC 6750 3.1");
	return header ? header : body;
}

static enum outcome handle(struct context *c)
{
	const char *bearer = require_bearer(c);
	const struct access_token *token = access_token_find(c->database, sha256_of(c->arena, bearer), c->now);
	if (!token || !token->user_id || !words_contain(token->audience, c->config->issuer))
		return refuse(c, INVALID_TOKEN, "RFC 6750 3.1");
	if (!words_contain(token->scope, "openid"))
		return refuse(c, INSUFFICIENT_SCOPE, "OpenID Connect Core 5.3.1");

	const struct user *user = user_find(c->database, token->user_id);
	if (!user)
		return refuse(c, INVALID_TOKEN, "RFC 6750 3.1");
	struct claims claims = user_claims(c->database, user->user_id);

	struct buffer *out = &c->response.body;
	json_object_open(out, NULL);
	json_text(out, "sub", user->user_id);
	claims_write(out, &token->claim_rules, user, &claims, token->scope, token->claims_userinfo);
	json_object_close(out);
	return response_json(c, 200);
}

static const struct parameter parameters[] = {
	{ "access_token", is_visible_ascii, 8192, false },
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "userinfo",
	.purpose = "tells the bearer of an access token about its user",
	.specification = "OpenID Connect Core 5.3, 5.4; RFC 6750",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_BEARER,
	.cors = true,
	.parameters = parameters,
	.reads = "access_tokens grants users user_claims clients",
	.writes = NULL,
	.keys = NULL,
	.handle = handle,
};
