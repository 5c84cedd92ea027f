#include "lib/protocol/client_assertion.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/digest.h"
#include "lib/records/assertion_store.h"

enum {
	SECONDS_MOST = 3600, /* from now to exp: as long a replay must be remembered */
	LEEWAY = 60,         /* seconds by which a client's clock may be ahead */
	JTI_LONGEST = 255,
	CLEANUP_ROWS = 4,
};

const char *client_assertion_client_id(struct arena *arena, const char *assertion)
{
	struct foreign_jws jws;

	return jws_read_foreign(arena, assertion, &jws) ? json_flat_text(jws.claims, "sub") : NULL;
}

/* Another JWT of the client's, such as a DPoP proof or a request object, is no authentication (RFC 8725 3.11). */
static bool is_typed_right(const char *typ)
{
	if (typ && strncasecmp(typ, "application/", strlen("application/")) == 0)
		typ += strlen("application/");
	return !typ || text_equal_ignoring_case(typ, "JWT") || text_equal_ignoring_case(typ, "client-authentication+jwt");
}

/* One audience: with several, each of them could use the assertion at the others. */
static bool is_for_us(struct context *c, const struct json_flat *claims)
{
	size_t count;
	const char *const *aud = json_flat_texts(claims, "aud", &count);

	if (count != 1)
		return false;
	if (text_equal(aud[0], c->config->issuer))
		return true;
	return !c->config->strict_audience && (text_equal(aud[0], config_endpoint_url(c->arena, c->config, "token"))
		|| text_equal(aud[0], config_endpoint_url(c->arena, c->config, c->endpoint->name)));
}

/* A time that may be absent, but must not lie ahead. */
static bool has_come(struct context *c, const struct json_flat *claims, const char *name)
{
	int64_t at;

	return !json_flat_has(claims, name) || (json_flat_seconds(claims, name, &at) && at <= c->now + LEEWAY);
}

/* RFC 7523 3, in its order. NULL, or what is wrong. */
static const char *claims_problem(struct context *c, const struct client *client, const struct json_flat *claims)
{
	const char *jti = json_flat_text(claims, "jti");
	int64_t expires_at;

	if (!text_equal(json_flat_text(claims, "iss"), client->client_id) || !text_equal(json_flat_text(claims, "sub"), client->client_id))
		return "iss and sub of the client_assertion must both be the client_id.";
	if (!is_for_us(c, claims))
		return c->config->strict_audience ? "aud of the client_assertion must be the issuer, and nothing else."
			: "aud of the client_assertion must be the issuer or the URL of the token endpoint, and one value alone.";
	if (!json_flat_seconds(claims, "exp", &expires_at))
		return "exp of the client_assertion is missing or no number.";
	if (expires_at <= c->now)
		return "The client_assertion has expired.";
	if (expires_at > c->now + SECONDS_MOST + LEEWAY)
		return "exp of the client_assertion is more than an hour ahead.";
	if (!has_come(c, claims, "nbf") || !has_come(c, claims, "iat"))
		return "nbf or iat of the client_assertion is in the future: compare the clocks.";
	if (text_empty(jti) || strlen(jti) > JTI_LONGEST)
		return "jti of the client_assertion must be a text of 1 to 255 bytes.";
	return NULL;
}

/* Durably: a power cut must not make an assertion fresh again. */
static bool use_up(struct context *c, const struct client *client, const struct json_flat *claims)
{
	/* A client_id has no line break: no other client and jti give the same text. */
	const char *text = arena_format(c->arena, "%s\n%s", client->client_id, json_flat_text(claims, "jti"));
	int64_t expires_at = 0;
	bool fresh;

	json_flat_seconds(claims, "exp", &expires_at);
	database_begin(c->database, DATABASE_DURABLE);
	/* Somewhat longer than it counts, in case our own clock is set back. */
	fresh = assertion_use(c->database, sha256_of(c->arena, text), expires_at + LEEWAY);
	assertion_remove_expired(c->database, c->now, CLEANUP_ROWS);
	database_commit(c->database);
	return fresh;
}

bool client_assertion_check(struct context *c, const struct client *client, const char *assertion, const char **why)
{
	const char *alg = client->token_endpoint_auth_signing_alg;
	struct foreign_jws jws;

	*why = NULL;
	if (text_empty(client->jwks))
		*why = "No keys are registered for the client.";
	else if (!jws_read_foreign(c->arena, assertion, &jws))
		*why = "The client_assertion is no JWT that is signed with RS256, PS256, ES256 or EdDSA.";
	else if (!is_typed_right(jws.typ))
		*why = "The client_assertion is a JWT of another type.";
	else if (alg && !text_equal(jws_foreign_alg(alg), jws.alg))
		*why = "The client_assertion is not signed with the algorithm that the client is registered for.";
	else if (!jws_verify_foreign(c->arena, &jws, client->jwks))
		*why = "None of the client's registered keys made the signature of the client_assertion.";
	else
		*why = claims_problem(c, client, jws.claims);
	if (!*why && !use_up(c, client, jws.claims))
		*why = "The client_assertion was used before: each needs a jti of its own.";
	return !*why;
}
