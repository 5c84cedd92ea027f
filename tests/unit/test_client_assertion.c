/* private_key_jwt: RFC 7523 3, clause by clause. */
#include "tests/unit/context_fixture.h"

#include "lib/crypto/base64.h"
#include "lib/crypto/signing_algorithm.h"
#include "lib/protocol/client_assertion.h"

static struct signing_key *key;
static struct client client;
static int serial;

/* A key without a kid, the only one of the client. */
static void register_key(const char *alg)
{
	const char *jwk;
	const char *kid;

	signing_key_free(key);
	key = signing_key_generate(fixture.arena, alg);
	assert_non_null(key);
	jwk = signing_key_public_jwk(fixture.arena, key);
	kid = strstr(jwk, signing_key_kid(key));
	client.jwks = arena_format(fixture.arena, "%.*s%s\n", (int)(kid - jwk), jwk, kid + KID_CHARACTERS);
}

static int setup(void **state)
{
	if (context_setup(state) != 0)
		return -1;
	client = sample_client("app");
	register_key("ES256");
	fixture.endpoint.name = "par";
	return 0;
}

static int teardown(void **state)
{
	signing_key_free(key);
	key = NULL;
	return context_teardown(state);
}

#define test_case(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const char *sign_with(const char *header, const char *claims)
{
	const char *input = arena_format(fixture.arena, "%s.%s", base64url_encode(fixture.arena, header, strlen(header)),
		base64url_encode(fixture.arena, claims, strlen(claims)));
	struct octets signature = key->algorithm->sign(fixture.arena, key->native, (struct octets){(const unsigned char *)input, strlen(input)});

	return arena_format(fixture.arena, "%s.%s", input, base64url_encode(fixture.arena, signature.bytes, signature.length));
}

static const char *sign(const char *claims)
{
	return sign_with(arena_format(fixture.arena, "{\"alg\":\"%s\"}", key->algorithm->name), claims);
}

/* `others` follow behind a comma of their own. */
static const char *claims(const char *iss, const char *sub, const char *aud, const char *others)
{
	return arena_format(fixture.arena, "{\"iss\":%s,\"sub\":%s,\"aud\":%s%s}", iss, sub, aud, others);
}

/* A jti that never was, for `others`. */
static const char *fresh(const char *times)
{
	return arena_format(fixture.arena, ",\"jti\":\"j%d\"%s", ++serial, times);
}

static void accepts(const char *assertion)
{
	const char *why;

	if (!client_assertion_check(c, &client, assertion, &why))
		fail_msg("%s", why);
	assert_null(why);
	assert_false(database_in_transaction(c->database));
}

static void refuses(const char *assertion, const char *part)
{
	int64_t rows = number_of("SELECT count(*) FROM assertions");
	const char *why = NULL;

	if (client_assertion_check(c, &client, assertion, &why))
		fail_msg("accepted, but should have said: %s", part);
	assert_contains(why, part);
	for (const char *at = why; *at; at++)
		assert_true(*at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\');
	assert_int_equal(number_of("SELECT count(*) FROM assertions"), rows);
	assert_false(database_in_transaction(c->database));
}

#define APP "\"app\""
#define US "\"" ISSUER "\""
#define EXP ",\"exp\":1800000300"

static void accepts_each_algorithm(void **state)
{
	static const char *const algs[] = { "RS256", "PS256", "ES256", "EdDSA" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		register_key(algs[i]);
		client.token_endpoint_auth_signing_alg = NULL;
		accepts(sign(claims(APP, APP, US, fresh(EXP))));
		client.token_endpoint_auth_signing_alg = algs[i];
		accepts(sign(claims(APP, APP, US, fresh(EXP))));
		client.token_endpoint_auth_signing_alg = algs[(i + 1) % 4];
		refuses(sign(claims(APP, APP, US, fresh(EXP))), "the algorithm that the client is registered for");
	}
	client.token_endpoint_auth_signing_alg = "Ed25519"; /* RFC 9864: another name of EdDSA */
	accepts(sign(claims(APP, APP, US, fresh(EXP))));
	accepts(sign_with("{\"alg\":\"Ed25519\"}", claims(APP, APP, US, fresh(EXP))));
}

static void needs_a_registered_key(void **state)
{
	const char *assertion = sign(claims(APP, APP, US, fresh(EXP)));
	const char *jwks = client.jwks;

	(void)state;
	register_key("ES256");
	refuses(assertion, "None of the client's registered keys");
	refuses(sign_with("{\"alg\":\"ES256\",\"kid\":\"x\"}", claims(APP, APP, US, fresh(EXP))), "None of the client's registered keys");
	refuses(sign_with("{\"alg\":\"none\"}", claims(APP, APP, US, fresh(EXP))), "no JWT that is signed with");
	refuses("", "no JWT");
	refuses("a.b.c", "no JWT");
	client.jwks = NULL;
	refuses(assertion, "No keys are registered");
	client.jwks = "";
	refuses(assertion, "No keys are registered");
	client.jwks = jwks;
	accepts(assertion);
}

static void types_are_told_apart(void **state)
{
	static const char *const good[] = { "JWT", "jwt", "application/jwt", "client-authentication+jwt", "application/client-authentication+jwt" };
	static const char *const bad[] = { "", "dpop+jwt", "oauth-authz-req+jwt", "at+jwt", "application/", "JWTs", "logout+jwt" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		accepts(sign_with(arena_format(fixture.arena, "{\"alg\":\"ES256\",\"typ\":\"%s\"}", good[i]), claims(APP, APP, US, fresh(EXP))));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refuses(sign_with(arena_format(fixture.arena, "{\"alg\":\"ES256\",\"typ\":\"%s\"}", bad[i]), claims(APP, APP, US, fresh(EXP))), "another type");
}

static void names_the_client(void **state)
{
	static const char *const wrong[] = { "\"other\"", "\"App\"", "\"\"", "null", "1", "[\"app\"]" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		refuses(sign(claims(wrong[i], APP, US, fresh(EXP))), "iss and sub");
		refuses(sign(claims(APP, wrong[i], US, fresh(EXP))), "iss and sub");
	}
	refuses(sign("{\"sub\":\"app\",\"aud\":" US EXP ",\"jti\":\"1\"}"), "iss and sub");
	refuses(sign("{\"iss\":\"app\",\"aud\":" US EXP ",\"jti\":\"1\"}"), "iss and sub");
}

#define TOKEN "\"" ISSUER "/cgi-bin/token\""

static void is_meant_for_us_alone(void **state)
{
	static const char *const ours[] = { US, "[" US "]" };
	static const char *const endpoints[] = { TOKEN, "[" TOKEN "]", "\"" ISSUER "/cgi-bin/par\"" };
	static const char *const wrong[] = { "\"" ISSUER "/\"", "\"https://evil.example\"", "[]", "[" US "," US "]", "[" US ",\"https://evil.example\"]", "null", "1",
		"{}", "[[" US "]]", "\"" ISSUER "/cgi-bin/revoke\"", "\"\"" };

	(void)state;
	for (int strict = 0; strict < 2; strict++) {
		fixture.config.strict_audience = strict != 0;
		for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
			accepts(sign(claims(APP, APP, ours[i], fresh(EXP))));
		for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
			refuses(sign(claims(APP, APP, wrong[i], fresh(EXP))), "aud of");
		for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
			const char *assertion = sign(claims(APP, APP, endpoints[i], fresh(EXP)));

			if (strict)
				refuses(assertion, "must be the issuer, and nothing else");
			else
				accepts(assertion);
		}
	}
	refuses(sign("{\"iss\":\"app\",\"sub\":\"app\",\"jti\":\"1\"" EXP "}"), "aud of");
}

/* The time is 1800000000. */
static void times_fit(void **state)
{
	static const char *const good[] = { ",\"exp\":1800000001", ",\"exp\":1800003600", ",\"exp\":1800003660", ",\"exp\":1.8000003e9", ",\"exp\":1800000300.75",
		EXP ",\"iat\":1800000060", EXP ",\"nbf\":1800000060", EXP ",\"iat\":1", EXP ",\"nbf\":-1", EXP ",\"iat\":1799999999.5,\"nbf\":0" };
	static const char *const bad[][2] = {
		{ "", "exp of the client_assertion is missing" }, { ",\"exp\":\"1800000300\"", "is missing or no number" }, { ",\"exp\":null", "is missing or no number" },
		{ ",\"exp\":1e300", "is missing or no number" }, { ",\"exp\":1800000000", "expired" }, { ",\"exp\":1800000000.9", "expired" }, { ",\"exp\":0", "expired" },
		{ ",\"exp\":-9007199254740992", "expired" }, { ",\"exp\":1800003661", "more than an hour" }, { ",\"exp\":9007199254740992", "more than an hour" },
		{ EXP ",\"iat\":1800000061", "in the future" }, { EXP ",\"nbf\":1800000061", "in the future" }, { EXP ",\"iat\":\"1\"", "in the future" },
		{ EXP ",\"nbf\":null", "in the future" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		accepts(sign(claims(APP, APP, US, fresh(good[i]))));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refuses(sign(claims(APP, APP, US, fresh(bad[i][0]))), bad[i][1]);
}

static void needs_a_jti(void **state)
{
	static const char *const bad[] = { "", ",\"jti\":\"\"", ",\"jti\":1", ",\"jti\":null" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refuses(sign(claims(APP, APP, US, arena_format(fixture.arena, "%s" EXP, bad[i]))), "jti of");
	accepts(sign(claims(APP, APP, US, arena_format(fixture.arena, ",\"jti\":\"%0255d\"" EXP, 0))));
	refuses(sign(claims(APP, APP, US, arena_format(fixture.arena, ",\"jti\":\"%0256d\"" EXP, 0))), "jti of");
}

static void counts_once(void **state)
{
	const char *assertion = sign(claims(APP, APP, US, ",\"jti\":\"one\"" EXP));

	(void)state;
	accepts(assertion);
	refuses(assertion, "was used before");
	/* The same jti in another assertion, even a later one; but not another client's. */
	refuses(sign(claims(APP, APP, US, ",\"jti\":\"one\",\"exp\":1800000301")), "was used before");
	refuses(sign(claims(APP, APP, US, ",\"jti\":\"\\u006fne\"" EXP)), "was used before");
	assert_int_equal(number_of("SELECT expires_at FROM assertions"), NOW + 360);
	client.client_id = "other";
	accepts(sign(claims("\"other\"", "\"other\"", US, ",\"jti\":\"one\"" EXP)));
	client.client_id = "app";
	/* It stays in mind as long as it counts, and is swept away later. */
	c->now = NOW + 299;
	refuses(assertion, "was used before");
	c->now = NOW + 300;
	refuses(assertion, "expired");
	c->now = NOW + 360;
	accepts(sign(claims(APP, APP, US, ",\"jti\":\"two\",\"exp\":1800000400")));
	assert_int_equal(number_of("SELECT count(*) FROM assertions"), 1);
}

static void refused_ones_are_not_used_up(void **state)
{
	(void)state;
	refuses(sign(claims(APP, APP, "\"https://evil.example\"", ",\"jti\":\"one\"" EXP)), "aud of");
	accepts(sign(claims(APP, APP, US, ",\"jti\":\"one\"" EXP)));
}

static void tells_the_client(void **state)
{
	(void)state;
	assert_string_equal(client_assertion_client_id(fixture.arena, sign(claims(APP, APP, US, ""))), "app");
	assert_string_equal(client_assertion_client_id(fixture.arena, sign(claims(APP, "\"z\"", US, ""))), "z");
	assert_null(client_assertion_client_id(fixture.arena, sign("{}")));
	assert_null(client_assertion_client_id(fixture.arena, sign("{\"sub\":1}")));
	assert_null(client_assertion_client_id(fixture.arena, "x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(accepts_each_algorithm), test_case(needs_a_registered_key), test_case(types_are_told_apart), test_case(names_the_client),
		test_case(is_meant_for_us_alone), test_case(times_fit), test_case(needs_a_jti), test_case(counts_once),
		test_case(refused_ones_are_not_used_up), test_case(tells_the_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
