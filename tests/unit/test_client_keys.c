/* Registered JWK Sets, to lines and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/base/json.h"
#include "lib/base/json_write.h"
#include "lib/crypto/signing_key.h"
#include "lib/protocol/client_keys.h"

static struct arena *arena;
static const char *rsa; /* the members of a key's own, without braces */
static const char *error;

#define EC "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define EC_LINE(kid) "{\"kty\":\"EC\",\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"" kid "\",\"crv\":\"P-256\"," \
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}\n"
#define OKP "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define OKP_LINE(kid) "{\"kty\":\"OKP\",\"use\":\"sig\",\"alg\":\"EdDSA\",\"kid\":\"" kid "\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}\n"

static int set_up(void **state)
{
	struct signing_key *key;

	(void)state;
	arena = arena_create(16 * 1024 * 1024);
	key = arena ? signing_key_generate(arena, "RS256") : NULL;
	if (!key)
		return -1;
	rsa = strstr(signing_key_public_jwk(arena, key), "\"n\":");
	rsa = arena_copy(arena, rsa, strlen(rsa) - 1);
	signing_key_free(key);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static const char *read_set(const char *text)
{
	const struct cJSON *value = json_parse(arena, text, strlen(text), NULL);

	if (!value)
		fail_msg("no JSON: %s", text);
	const char *lines = client_keys_read(arena, value, &error);
	assert_int_equal(lines == NULL, error != NULL);
	return lines;
}

/* The members of one key. */
static const char *read_key(const char *members)
{
	return read_set(arena_format(arena, "{\"keys\":[{%s}]}", members));
}

static const char *write_set(const char *lines)
{
	struct buffer out = buffer_create(arena, 64);

	client_keys_write(&out, NULL, lines);
	return out.data;
}

static void compiles_each_kind(void **state)
{
	(void)state;
	assert_string_equal(read_key(EC), EC_LINE(""));
	assert_string_equal(read_key(OKP ",\"kid\":\"k\\u00e4\",\"use\":\"sig\",\"key_ops\":[\"verify\"],\"alg\":\"EdDSA\",\"x5c\":[\"A\"]"), OKP_LINE("k\xc3\xa4"));
	assert_string_equal(read_key(OKP ",\"alg\":\"Ed25519\""), OKP_LINE(""));
	assert_string_equal(read_key(EC ",\"kid\":\"\\\"},\\\\\""), EC_LINE("\\\"},\\\\"));
	assert_string_equal(read_key(arena_format(arena, "\"kty\":\"RSA\",%s,\"kid\":\"r\",\"alg\":\"PS256\"", rsa)),
		arena_format(arena, "{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"PS256\",\"kid\":\"r\",%s}\n", rsa));
	assert_string_equal(read_key(arena_format(arena, "%s,\"kty\":\"RSA\",\"kid\":\"r\"", rsa)),
		arena_format(arena, "{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"r\",%s}\n"
			"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"PS256\",\"kid\":\"r\",%s}\n", rsa, rsa));
	assert_string_equal(read_set("{\"keys\":[{" EC "},{" OKP "},{" EC ",\"kid\":\"2\"}]}"), EC_LINE("") OKP_LINE("") EC_LINE("2"));
}

static void comes_back_as_it_was(void **state)
{
	const char *sets[] = {
		"{\"keys\":[{\"kty\":\"EC\",\"use\":\"sig\",\"alg\":\"ES256\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
			"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}",
		arena_format(arena, "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\",\"kid\":\"a\",%s},{\"kty\":\"OKP\",\"use\":\"sig\",\"alg\":\"EdDSA\",\"kid\":\"\\\"kid\\\":\\\"\\\",\","
			"\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}", rsa),
		arena_format(arena, "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"a\",%s},{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"PS256\",\"kid\":\"b\",%s}]}",
			rsa, rsa),
		arena_format(arena, "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\",%s},{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"PS256\",\"kid\":\"b\",%s}]}", rsa, rsa),
	};
	struct buffer out = buffer_create(arena, 64);

	(void)state;
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		const char *lines = read_set(sets[i]);

		assert_non_null(lines);
		assert_string_equal(write_set(lines), sets[i]);
		assert_string_equal(read_set(write_set(lines)), lines);
	}
	json_object_open(&out, NULL);
	client_keys_write(&out, "jwks", NULL);
	json_object_close(&out);
	assert_string_equal(out.data, "{}");
	out.length = 0;
	json_object_open(&out, NULL);
	json_text(&out, "a", "b");
	client_keys_write(&out, "jwks", OKP_LINE("k"));
	json_text(&out, "c", "d");
	json_object_close(&out);
	assert_non_null(json_parse(arena, out.data, out.length, NULL));
	assert_memory_equal(out.data, "{\"a\":\"b\",\"jwks\":{\"keys\":[{\"kty\":\"OKP\"", 37);
}

static void refuses(const char *members, const char *part)
{
	if (read_key(members))
		fail_msg("accepted: %s", members);
	if (!strstr(error, part))
		fail_msg("\"%s\" lacks \"%s\"", error, part);
	for (const char *at = error; *at; at++)
		assert_true(*at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\');
}

static void refuses_private_keys(void **state)
{
	(void)state;
	refuses(EC ",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"", "key 1: the member d belongs to a private");
	refuses(OKP ",\"d\":null", "the member d");
	refuses(arena_format(arena, "\"kty\":\"RSA\",%s,\"p\":\"AA\"", rsa), "the member p");
	refuses(arena_format(arena, "\"kty\":\"RSA\",%s,\"oth\":[]", rsa), "the member oth");
	refuses("\"kty\":\"oct\",\"k\":\"AAAA\"", "the member k");
}

static void refuses_what_does_not_fit(void **state)
{
	const char *n = strstr(rsa, "\":\"") + 3;
	size_t length = strcspn(n, "\"");

	(void)state;
	refuses("", "it must be of kty RSA");
	refuses("\"kty\":\"oct\"", "it must be of kty RSA");
	refuses("\"kty\":1", "it must be of kty RSA");
	refuses("\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"", "it must be of kty RSA");
	refuses("\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AA\"", "it must be of kty RSA");
	refuses("\"kty\":\"EC\"", "it must be of kty RSA");
	refuses(EC ",\"use\":\"enc\"", "use must be sig");
	refuses(EC ",\"use\":null", "use must be sig");
	refuses(EC ",\"key_ops\":[\"sign\"]", "key_ops");
	refuses(EC ",\"key_ops\":\"verify\"", "key_ops");
	refuses(EC ",\"alg\":\"RS256\"", "must be one of: ES256.");
	refuses(EC ",\"alg\":\"none\"", "must be one of");
	refuses(EC ",\"alg\":null", "must be one of");
	refuses(arena_format(arena, "\"kty\":\"RSA\",%s,\"alg\":\"RS512\"", rsa), "must be one of: RS256 PS256.");
	refuses(arena_format(arena, "\"kty\":\"RSA\",%s,\"alg\":\"HS256\"", rsa), "must be one of");
	refuses(EC ",\"kid\":\"\"", "kid must be");
	refuses(EC ",\"kid\":7", "kid must be");
	refuses(EC ",\"kid\":\"a\\nb\"", "kid must be");
	refuses(arena_format(arena, EC ",\"kid\":\"%0256d\"", 0), "kid must be");
	refuses("\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"", "y must be base64url");
	refuses("\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=\",\"y\":\"AA\"", "x must be base64url");
	refuses("\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"", "x must have 32 bytes");
	refuses("\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"", "no point");
	refuses("\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"", "x must have 32 bytes");
	refuses(arena_format(arena, "\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"AQAB\"", (int)length - 2, n), "2048 to 4096 bits");
	refuses(arena_format(arena, "\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"Aw\"", (int)length, n), "65537");
	refuses(arena_format(arena, "\"kty\":\"RSA\",\"n\":\"%.*s\"", (int)length, n), "e must be base64url");
	refuses(arena_format(arena, "\"kty\":\"RSA\",\"n\":\"A%.*s\",\"e\":\"AQAB\"", (int)length - 1, n + 1), "modulus");
	char *even = arena_copy(arena, n, length);
	even[length - 1] = 'A';
	refuses(arena_format(arena, "\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"", even), "modulus");
}

static void refuses_other_sets(void **state)
{
	static const char *const sets[] = { "{}", "[]", "null", "{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":null}", "{\"Keys\":[{" EC "}]}", "{\"keys\":[1]}",
		"{\"keys\":[null]}", "{\"keys\":[{" EC "},{" EC "}]}", "{\"keys\":[{" EC ",\"kid\":\"a\"},{" OKP "},{" EC ",\"kid\":\"a\"}]}" };
	struct buffer many = buffer_create(arena, 1024);

	(void)state;
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
		if (read_set(sets[i]))
			fail_msg("accepted: %s", sets[i]);
	assert_non_null(strstr(error, "key 3: another key for ES256"));
	assert_null(client_keys_read(arena, NULL, &error));
	for (int i = 0; i < 9; i++) {
		buffer_format(&many, "%s{" EC ",\"kid\":\"%d\"}", i ? "," : "{\"keys\":[", i);
		assert_int_equal(read_set(arena_format(arena, "%s]}", many.data)) != NULL, i < CLIENT_KEYS_MOST);
	}
	/* A kid that begins like another one is another one. */
	assert_non_null(read_set("{\"keys\":[{" EC ",\"kid\":\"ab\"},{" EC ",\"kid\":\"a\"},{" EC ",\"kid\":\"b\"}]}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compiles_each_kind),
		cmocka_unit_test(comes_back_as_it_was),
		cmocka_unit_test(refuses_private_keys),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(refuses_other_sets),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
