#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/base/buffer.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/jws_foreign.h"
#include "lib/crypto/random.h"
#include "lib/crypto/signing_algorithm.h"
#include "lib/crypto/signing_key.h"

static struct arena *arena;

static const char *const algs[] = {"RS256", "PS256", "ES256", "EdDSA"};
enum { ALGS = 4 };
static struct signing_key *keys[ALGS];

#define PAYLOAD "{\"iss\":\"app\",\"aud\":[\"https://id.example.org\"],\"exp\":1800000000}"

static int setup(void **state)
{
	(void)state;
	arena = arena_create(64 << 20);
	for (size_t i = 0; i < ALGS; i++) {
		keys[i] = signing_key_generate(arena, algs[i]);
		if (keys[i] == NULL)
			return 1;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < ALGS; i++)
		signing_key_free(keys[i]);
	arena_destroy(arena);
	return 0;
}

/* A key's line with another kid, as JSON without its quotes. */
static const char *line(size_t i, const char *kid)
{
	const char *jwk = signing_key_public_jwk(arena, keys[i]);
	const char *start = strstr(jwk, "\"kid\":\"") + 7;

	return arena_format(arena, "%.*s%s%s\n", (int)(start - jwk), jwk, kid, strchr(start, '"'));
}

static const char *sign(size_t i, const char *header, const char *payload)
{
	const char *input = arena_format(arena, "%s.%s", base64url_encode(arena, header, strlen(header)),
		base64url_encode(arena, payload, strlen(payload)));
	struct octets signature = keys[i]->algorithm->sign(arena, keys[i]->native,
		(struct octets){(const unsigned char *)input, strlen(input)});

	return arena_format(arena, "%s.%s", input, base64url_encode(arena, signature.bytes, signature.length));
}

static bool reads(const char *token)
{
	struct foreign_jws jws;
	bool good = jws_read_foreign(arena, token, &jws);

	assert_int_equal(good, jws.claims != NULL);
	assert_int_equal(good, jws.alg != NULL);
	return good;
}

static bool verifies(const char *token, const char *lines)
{
	struct foreign_jws jws;

	return jws_read_foreign(arena, token, &jws) && jws_verify_foreign(arena, &jws, lines);
}

static void every_algorithm_verifies(void **state)
{
	const char *all = arena_format(arena, "%s%s%s%s", line(0, "a"), line(1, "b"), line(2, "c"), line(3, ""));
	struct foreign_jws jws;
	int64_t exp;

	(void)state;
	for (size_t i = 0; i < ALGS; i++) {
		const char *bare = sign(i, arena_format(arena, "{\"alg\":\"%s\"}", algs[i]), PAYLOAD);
		const char *named = sign(i, arena_format(arena, " {\"typ\":\"JWT\", \"kid\":\"%c\", \"alg\":\"%s\"} ", 'a' + (int)i, algs[i]), PAYLOAD);

		assert_true(jws_read_foreign(arena, bare, &jws));
		assert_string_equal(jws.alg, algs[i]);
		assert_null(jws.kid);
		assert_null(jws.typ);
		assert_true(json_flat_seconds(jws.claims, "exp", &exp));
		assert_string_equal(json_flat_text(jws.claims, "iss"), "app");
		assert_true(jws_verify_foreign(arena, &jws, all));
		assert_true(jws_verify_foreign(arena, &jws, line(i, "whatever")));
		assert_false(jws_verify_foreign(arena, &jws, line((i + 1) % ALGS, "")));
		assert_false(jws_verify_foreign(arena, &jws, ""));
		assert_false(jws_verify_foreign(arena, &jws, "\n\n"));
		assert_false(jws_verify_foreign(arena, &jws, NULL));

		assert_true(jws_read_foreign(arena, named, &jws));
		assert_string_equal(jws.typ, "JWT");
		assert_int_equal(jws.kid[0], 'a' + (int)i);
		assert_int_equal(jws_verify_foreign(arena, &jws, all), i < 3); /* the last key has no kid */
		assert_false(jws_foreign_key_fits(arena, line(i, "a"))); /* the line break is no part of it */
		assert_true(jws_foreign_key_fits(arena, signing_key_public_jwk(arena, keys[i])));
	}
	/* The name that RFC 9864 gives it. */
	assert_true(verifies(sign(3, "{\"alg\":\"Ed25519\"}", PAYLOAD), all));
	assert_string_equal(jws_foreign_alg("Ed25519"), "EdDSA");
	assert_string_equal(jws_foreign_alg("PS256"), "PS256");
	assert_null(jws_foreign_alg("none"));
	assert_null(jws_foreign_alg(NULL));
}

/* RFC 7515 A.3 with its own key. */
static void known_answer(void **state)
{
	static const char input[] = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
	static const char signature[] = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
	static const char key[] = "{\"kty\":\"EC\",\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"\",\"crv\":\"P-256\","
		"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}\n";
	const char *token = arena_format(arena, "%s.%s", input, signature);
	size_t length = strlen(token);
	char *copy = arena_copy(arena, token, length);

	(void)state;
	assert_true(verifies(token, key));
	for (size_t i = 0; i < length; i++) {
		copy[i] = token[i] == 'A' ? 'B' : 'A';
		assert_false(verifies(copy, key));
		copy[i] = '\0';
		assert_false(verifies(copy, key));
		copy[i] = token[i];
	}
	assert_false(verifies(arena_format(arena, "%sA", token), key));
	assert_false(verifies(arena_format(arena, "%s.", token), key));
	assert_false(verifies(arena_format(arena, " %s", token), key));
	assert_false(verifies(arena_format(arena, "%s=", token), key));
}

static void keys_are_chosen_by_kid(void **state)
{
	struct signing_key *other = signing_key_generate(arena, "ES256");
	const char *mine = line(2, "one");
	struct signing_key *saved = keys[2];
	const char *both;
	const char *same;

	(void)state;
	keys[2] = other;
	both = arena_format(arena, "%s%s", mine, line(2, "two"));
	same = arena_format(arena, "%s%s", line(2, "one"), mine);
	keys[2] = saved;
	assert_true(verifies(sign(2, "{\"alg\":\"ES256\",\"kid\":\"one\"}", PAYLOAD), both));
	assert_false(verifies(sign(2, "{\"alg\":\"ES256\",\"kid\":\"two\"}", PAYLOAD), both));
	assert_false(verifies(sign(2, "{\"alg\":\"ES256\",\"kid\":\"three\"}", PAYLOAD), both));
	assert_false(verifies(sign(2, "{\"alg\":\"ES256\",\"kid\":\"on\"}", PAYLOAD), both));
	/* Without a kid two keys leave a choice, which is none. */
	assert_false(verifies(sign(2, "{\"alg\":\"ES256\"}", PAYLOAD), both));
	assert_false(verifies(sign(2, "{\"alg\":\"ES256\",\"kid\":\"\"}", PAYLOAD), both));
	assert_true(verifies(sign(2, "{\"alg\":\"ES256\",\"kid\":\"\"}", PAYLOAD), mine));
	assert_true(verifies(sign(2, "{\"alg\":\"ES256\",\"kid\":\"one\"}", PAYLOAD), same));
	/* A key of another algorithm is no choice. */
	assert_true(verifies(sign(2, "{\"alg\":\"ES256\"}", PAYLOAD), arena_format(arena, "%s%s", line(0, "x"), mine)));
	signing_key_free(other);
}

/* A kid may be any text: what it is in a header must equal what it is in a line, and nothing in it may get out. */
static void odd_kids_stay_where_they_are(void **state)
{
	static const char *const kids[] = {"\\\"", "\\\\", "a\\nb", "\xc3\xa4", "a b", "\\\",\\\"crv\\\":\\\"P-256", "\\\\\\\"", "\\u0001"};

	(void)state;
	for (size_t i = 0; i < sizeof kids / sizeof *kids; i++) {
		const char *key = line(2, kids[i]);

		assert_true(verifies(sign(2, arena_format(arena, "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kids[i]), PAYLOAD), key));
		assert_true(verifies(sign(2, "{\"alg\":\"ES256\"}", PAYLOAD), key));
		assert_false(verifies(sign(2, arena_format(arena, "{\"alg\":\"ES256\",\"kid\":\"%sx\"}", kids[i]), PAYLOAD), key));
	}
	assert_true(verifies(sign(2, "{\"alg\":\"ES256\",\"kid\":\"\\u00e4\\u0061\"}", PAYLOAD), line(2, "\xc3\xa4" "a")));
}

static void headers_are_refused(void **state)
{
	static const char *const headers[] = {
		"", "{}", "[]", "null", "{\"alg\":\"none\"}", "{\"alg\":\"None\"}", "{\"alg\":\"NONE\"}", "{\"alg\":\"\"}", "{\"alg\":null}", "{\"alg\":1}",
		"{\"alg\":[\"ES256\"]}", "{\"alg\":\"HS256\"}", "{\"alg\":\"HS512\"}", "{\"alg\":\"es256\"}", "{\"alg\":\"ES256K\"}", "{\"alg\":\"RS512\"}",
		"{\"alg\":\"ES384\"}", "{\"Alg\":\"ES256\"}", "{\"alg\":\"ES256\\u0000\"}", "{\"alg\":\"ES256\",\"alg\":\"ES256\"}",
		"{\"alg\":\"none\",\"\\u0061lg\":\"ES256\"}", "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}", "{\"alg\":\"ES256\",\"crit\":[]}",
		"{\"alg\":\"ES256\",\"crit\":null}", "{\"alg\":\"ES256\",\"b64\":false}", "{\"alg\":\"ES256\",\"b64\":true}", "{\"alg\":\"ES256\",\"cr\\u0069t\":[\"b64\"]}",
		"{\"alg\":\"ES256\",\"kid\":1}", "{\"alg\":\"ES256\",\"kid\":null}", "{\"alg\":\"ES256\",\"typ\":[]}", "{\"alg\":\"ES256\",}", "{\"alg\":\"ES256\"} x",
		"{\"alg\":\"ES256\"",
	};
	const char *key = line(2, "");

	(void)state;
	assert_true(verifies(sign(2, "{\"alg\":\"ES256\",\"jku\":\"https://evil.example/\",\"jwk\":{\"kty\":\"EC\"},\"x5c\":[\"A\"]}", PAYLOAD), key));
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		if (reads(sign(2, headers[i], PAYLOAD)))
			fail_msg("accepted: %s", headers[i]);
}

static void payloads_are_refused(void **state)
{
	static const char *const payloads[] = {"", "[]", "null", "1", "\"x\"", "{", "{\"sub\":\"a\",\"sub\":\"b\"}", "{\"sub\":\"a\\u0000\"}", "{}{}",
		"{\"a\":\"\xff\"}", "{\"a\":1,}"};

	(void)state;
	for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++)
		if (reads(sign(2, "{\"alg\":\"ES256\"}", payloads[i])))
			fail_msg("accepted: %s", payloads[i]);
	assert_true(reads(sign(2, "{\"alg\":\"ES256\"}", "{}")));
}

static void malformed_tokens_are_refused(void **state)
{
	static const char *const texts[] = {"", ".", "..", "...", "a", "a.b", "a.b.c", "e30.e30.e30", "\xff.\xff.\xff", "eyJhbGciOiJFUzI1NiJ9.e30.",
		"eyJhbGciOiJFUzI1NiJ9.e30", ".e30.AAAA", "eyJhbGciOiJFUzI1NiJ9..AAAA", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA.AAAA", "eyJhbGciOiJFUzI1NiJ9.e30.A",
		"eyJhbGciOiJFUzI1NiJ9.e30=.AAAA", "eyJhbGciOiJFUzI1NiJ9.e3 0.AAAA", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJub25lIn0.e30.AAAA"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (reads(texts[i]))
			fail_msg("accepted: %s", texts[i]);
	assert_true(reads("eyJhbGciOiJFUzI1NiJ9.e30.AAAA"));
	assert_false(verifies("eyJhbGciOiJFUzI1NiJ9.e30.AAAA", line(2, "")));
}

static const char *repeated(const char *before, size_t count, const char *after)
{
	struct buffer text = buffer_create(arena, 64);

	buffer_text(&text, before);
	for (size_t i = 0; i < count; i++)
		buffer_char(&text, 'x');
	buffer_text(&text, after);
	return text.data;
}

static void sizes_are_bounded(void **state)
{
	static const char start[] = "{\"alg\":\"ES256\",\"kid\":\"";
	size_t most = JWS_FOREIGN_HEADER_LONGEST - (sizeof start - 1) - 2;

	(void)state;
	assert_true(reads(sign(2, repeated(start, most, "\"}"), "{}")));
	assert_false(reads(sign(2, repeated(start, most + 1, "\"}"), "{}")));
	/* Header (20), signature (86) and two points leave 8,084 characters for the payload: 6,063 bytes. */
	for (size_t size = 6040; size < 6070; size++) {
		const char *token = sign(2, "{\"alg\":\"ES256\"}", repeated("{\"a\":\"", size, "\"}"));

		assert_int_equal(reads(token), strlen(token) <= JWS_FOREIGN_LONGEST);
	}
}

/* Bits of real tokens mixed up, for the sanitizers to watch. */
static void random_tokens_are_survived(void **state)
{
	const char *token = sign(2, "{\"alg\":\"ES256\",\"kid\":\"k\"}", PAYLOAD);
	const char *key = line(2, "k");
	size_t length = strlen(token);
	struct arena *own = arena_create(1 << 20);

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char *copy = arena_copy(own, token, length);
		struct foreign_jws jws;
		uint32_t random[4];

		random_bytes(random, sizeof random);
		for (size_t j = 0; j < 1 + random[3] % 3; j++)
			copy[random[j] % length] = (char)(random[j] >> 24);
		if (strcmp(copy, token) != 0 && jws_read_foreign(own, copy, &jws))
			assert_false(jws_verify_foreign(own, &jws, key));
		arena_reset(own);
	}
	arena_destroy(own);
}

static void odd_lines_are_no_keys(void **state)
{
	const char *good = signing_key_public_jwk(arena, keys[2]);
	const char *token = sign(2, "{\"alg\":\"ES256\"}", PAYLOAD);

	(void)state;
	assert_true(verifies(token, good));
	/* Each beginning of it. */
	for (size_t length = 0; length < strlen(good); length++) {
		const char *cut = arena_copy(arena, good, length);

		assert_false(jws_foreign_key_fits(arena, cut));
		assert_false(verifies(token, cut));
		assert_false(verifies(sign(2, "{\"alg\":\"ES256\",\"kid\":\"\"}", PAYLOAD), cut));
	}
	assert_false(jws_foreign_key_fits(arena, arena_format(arena, "%s ", good)));
	assert_false(jws_foreign_key_fits(arena, ""));
	assert_false(jws_foreign_key_fits(arena, "{\"kty\":\"oct\",\"use\":\"sig\",\"alg\":\"HS256\",\"kid\":\"\",\"k\":\"AAAA\"}"));
	assert_false(jws_foreign_key_fits(arena, "{\"kty\":\"EC\",\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"\\"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_algorithm_verifies), cmocka_unit_test(known_answer), cmocka_unit_test(keys_are_chosen_by_kid),
		cmocka_unit_test(odd_kids_stay_where_they_are), cmocka_unit_test(headers_are_refused), cmocka_unit_test(payloads_are_refused),
		cmocka_unit_test(malformed_tokens_are_refused), cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(random_tokens_are_survived), cmocka_unit_test(odd_lines_are_no_keys),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
