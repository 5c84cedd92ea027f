/*
 * The token endpoint (RFC 6749 3.2): clients bring what they were granted and get tokens for it. Called by clients,
 * never by the browser's navigation; browser applications call it across origins, without credentials.
 * Changes: the grant that is used up, the access token, the audit log; the counter of wrong client secrets; which key
 * signs, once the next one is due.
 */
#include "cgi-bin/grants/grant.h"
#include "lib/endpoint/endpoint.h"
#include "lib/protocol/client_authentication.h"
#include "lib/protocol/target.h"

static const struct grant_type grant_types[] = {
	{ "authorization_code", grant_authorization_code },
	{ "refresh_token", grant_refresh_token },
	{ "client_credentials", grant_client_credentials },
};

static enum outcome handle(struct context *c)
{
	const struct client *client = client_authentication_require(c);
	const char *name = parameter_require(c, "grant_type", "RFC 6749 4.1.3");

	for (size_t i = 0; i < sizeof grant_types / sizeof *grant_types; i++) {
		if (!text_equal(grant_types[i].name, name))
			continue;
		if (!words_contain(client->grant_types, name))
			return refuse(c, UNAUTHORIZED_CLIENT, "RFC 6749 5.2");
		return grant_types[i].handle(c, client);
	}
	return refuse(c, UNSUPPORTED_GRANT_TYPE, "RFC 6749 5.2");
}

static const struct parameter parameters[] = {
	CLIENT_AUTHENTICATION_PARAMETERS,
	{ "grant_type", is_visible_ascii, 128, false },
	{ "code", is_visible_ascii, 128, false },
	{ "redirect_uri", is_uri, 2000, false },
	{ "code_verifier", is_pkce, 128, false },
	{ "refresh_token", is_visible_ascii, 256, false },
	{ "scope", is_words, 2048, false },
	TARGET_PARAMETER,
	TARGET_AUDIENCE_PARAMETER,
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "token",
	.purpose = "turns an authorization code, a refresh token or a client's own secret into tokens",
	.specification = "RFC 6749 3.2, 4.4, 6; OpenID Connect Core 3.1.3; RFC 7636 4.5; RFC 8707; RFC 9068",
	.methods = METHOD_POST,
	.answers = ANSWERS_JSON,
	.cors = true,
	.parameters = parameters,
	.reads = "users user_claims sessions " TARGET_TABLES,
	.writes = "grants access_tokens outbox signing_keys " CLIENT_AUTHENTICATION_TABLES,
	.keys = "signing refresh " CLIENT_AUTHENTICATION_KEYS,
	.handle = handle,
};
