#include "lib/crypto/base64.h"
#include "lib/crypto/jws.h"
#include "lib/protocol/id_token_hint.h"
#include "tests/unit/context_fixture.h"

#define PAYLOAD "{\"iss\":\"" ISSUER "\",\"sub\":\"u1\",\"aud\":\"app\",\"exp\":1000,\"iat\":500,\"sid\":\"sid1\"}"

/* Making a key takes long: all tests use these two. */
static struct arena *keys;
static struct signing_key *own, *foreign;

static int make_keys(void **state)
{
	(void)state;
	keys = arena_create(1 << 20);
	own = keys ? signing_key_generate(keys, "RS256") : NULL;
	foreign = own ? signing_key_generate(keys, "RS256") : NULL;
	return foreign ? 0 : -1;
}

static int free_keys(void **state)
{
	(void)state;
	signing_key_free(own);
	signing_key_free(foreign);
	arena_destroy(keys);
	return 0;
}

static void add_key(const char *key_state, int64_t expires_at)
{
	struct signing_key_record record = { .kid = signing_key_kid(own), .alg = "RS256", .state = key_state,
		.public_jwk = signing_key_public_jwk(fixture.arena, own), .created_at = 1, .expires_at = expires_at };
	database_begin(c->database, DATABASE_RELAXED);
	database_change(c->database, "DELETE FROM signing_keys", "");
	signing_key_insert(c->database, &record);
	database_commit(c->database);
}

static const char *token(const char *payload)
{
	return jws_sign(fixture.arena, own, "JWT", payload);
}

static void refused(const char *text)
{
	struct id_token_hint hint = { 0 };
	if (id_token_hint_read(c, text, &hint))
		fail_msg("%s", text);
}

static void test_reading(void **state)
{
	struct id_token_hint hint = { 0 };
	(void)state;
	add_key("active", 0);
	/* Long expired, as hints are. */
	assert_true(id_token_hint_read(c, token(PAYLOAD), &hint));
	assert_string_equal(hint.sub, "u1");
	assert_string_equal(hint.aud, "app");
	assert_string_equal(hint.sid, "sid1");
	/* By a key that signs no more, too, while it is known. */
	add_key("retired", NOW + 1);
	assert_true(id_token_hint_read(c, token(PAYLOAD), &hint));
	add_key("retired", NOW - 1);
	refused(token(PAYLOAD));
	/* sid may be missing. */
	add_key("active", 0);
	assert_true(id_token_hint_read(c, token("{\"iss\":\"" ISSUER "\",\"sub\":\"u1\",\"aud\":\"app\"}"), &hint));
	assert_null(hint.sid);
}

static void test_refusing(void **state)
{
	static const char *const payloads[] = {
		"{\"iss\":\"https://evil.example\",\"sub\":\"u1\",\"aud\":\"app\"}",
		"{\"iss\":\"" ISSUER "/\",\"sub\":\"u1\",\"aud\":\"app\"}",
		"{\"sub\":\"u1\",\"aud\":\"app\"}",
		"{\"iss\":\"" ISSUER "\",\"aud\":\"app\"}",
		"{\"iss\":\"" ISSUER "\",\"sub\":\"u1\"}",
		"{\"iss\":\"" ISSUER "\",\"sub\":\"u1\",\"aud\":[\"app\"]}",
		"{}",
		"",
		"{\"x\":{\"iss\":\"" ISSUER "\",\"sub\":\"u1\",\"aud\":\"app\"}}",
	};
	static const char *const texts[] = { "", ".", "..", "...", "a", "a.b", "a.b.c", "e30.e30.", "e30.e30.e30", "\xff" };
	(void)state;
	add_key("active", 0);
	for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++)
		refused(token(payloads[i]));
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		refused(texts[i]);
	/* An access token is no ID token, however well signed. */
	refused(jws_sign(fixture.arena, own, "at+jwt", PAYLOAD));
	/* A key that this server never had. */
	refused(jws_sign(fixture.arena, foreign, "JWT", PAYLOAD));
	database_begin(c->database, DATABASE_RELAXED);
	database_change(c->database, "DELETE FROM signing_keys", "");
	database_commit(c->database);
	refused(token(PAYLOAD));
}

static void test_tampering(void **state)
{
	(void)state;
	add_key("active", 0);
	const char *good = token(PAYLOAD);
	const char *first = strchr(good, '.'), *second = strchr(first + 1, '.');
	const char *header = arena_copy(fixture.arena, good, (size_t)(first - good));
	const char *forged = base64url_encode(fixture.arena, "{\"iss\":\"" ISSUER "\",\"sub\":\"u2\",\"aud\":\"app\"}",
		strlen("{\"iss\":\"" ISSUER "\",\"sub\":\"u2\",\"aud\":\"app\"}"));
	refused(arena_format(fixture.arena, "%s.%s%s", header, forged, second));
	refused(arena_copy(fixture.arena, good, (size_t)(second + 1 - good)));
	refused(arena_format(fixture.arena, "%sA", good));
	refused(arena_copy(fixture.arena, good, strlen(good) - 4));
	refused(arena_format(fixture.arena, " %s", good));
	refused(arena_format(fixture.arena, "%s.", good));
	/* alg none, with the right kid: nothing but the fixed header counts. */
	const char *none = arena_format(fixture.arena, "{\"alg\":\"none\",\"kid\":\"%s\",\"typ\":\"JWT\"}", signing_key_kid(own));
	refused(arena_format(fixture.arena, "%s.%s.", base64url_encode(fixture.arena, none, strlen(none)), forged));
	refused(arena_format(fixture.arena, "%s%s", base64url_encode(fixture.arena, none, strlen(none)), first));
	const char *symmetric = arena_format(fixture.arena, "{\"alg\":\"HS256\",\"kid\":\"%s\",\"typ\":\"JWT\"}", signing_key_kid(own));
	refused(arena_format(fixture.arena, "%s%s", base64url_encode(fixture.arena, symmetric, strlen(symmetric)), first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_reading),
		context_test(test_refusing),
		context_test(test_tampering),
	};
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
