#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/base/json_write.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/jws.h"
#include "lib/crypto/random.h"
#include "lib/crypto/signing_algorithm.h"

static struct arena *arena;
static struct signing_key *key;
static const char *jwk;
static const char *token;

#define PAYLOAD "{\"iss\":\"https://id.example.org\",\"sub\":\"248289761001\"}"

/* RFC 7515 A.2. */
#define RFC_N \
	"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pC" \
	"gNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg6" \
	"65xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRW" \
	"yuXpoQ"
#define RFC_D \
	"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pW" \
	"J1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2Qv" \
	"Xt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRu" \
	"OopznQ"
#define RFC_P \
	"4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDc" \
	"mnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc"
#define RFC_Q \
	"uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-" \
	"TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc"
#define RFC_DP \
	"BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV" \
	"2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0"
#define RFC_DQ \
	"h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_" \
	"-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU"
#define RFC_QI \
	"IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoO" \
	"PLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U"
#define RFC_INPUT \
	"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define RFC_SIGNATURE \
	"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t" \
	"1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12j" \
	"zDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ" \
	"Ge77Rw"

static int setup(void **state)
{
	(void)state;
	arena = arena_create(64 << 20);
	key = signing_key_generate(arena, "RS256");
	if (key == NULL)
		return 1;
	jwk = signing_key_public_jwk(arena, key);
	token = jws_sign(arena, key, "JWT", PAYLOAD);
	return token == NULL;
}

static int teardown(void **state)
{
	(void)state;
	signing_key_free(key);
	arena_destroy(arena);
	return 0;
}

static struct octets decoded(const char *text)
{
	struct octets part;

	part.bytes = base64url_decode(arena, text, strlen(text), &part.length);
	assert_non_null(part.bytes);
	return part;
}

static void rs256_known_answer(void **state)
{
	static const char *const texts[] = {RFC_N, "AQAB", RFC_D, RFC_P, RFC_Q, RFC_DP, RFC_DQ, RFC_QI};
	static const char members[] = "\"n\":\"" RFC_N "\",\"e\":\"AQAB\"";
	struct octets input = {(const unsigned char *)RFC_INPUT, sizeof RFC_INPUT - 1};
	struct octets parts[8];
	struct octets signature;
	void *native;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		parts[i] = decoded(texts[i]);
	native = signing_rs256.load(parts);
	assert_non_null(native);
	signature = signing_rs256.sign(arena, native, input);
	assert_string_equal(base64url_encode(arena, signature.bytes, signature.length), RFC_SIGNATURE);
	signing_rs256.free(native);

	native = verifying_rs256.load(arena, members);
	assert_non_null(native);
	assert_true(verifying_rs256.verify(native, input, decoded(RFC_SIGNATURE)));
	input.length--;
	assert_false(verifying_rs256.verify(native, input, decoded(RFC_SIGNATURE)));
	verifying_rs256.free(native);
}

static bool verifies(const char *text, const char *public_jwk)
{
	struct jws jws;

	return jws_read_own(arena, text, &jws) && jws_verify(arena, &jws, public_jwk);
}

static void signed_comes_back(void **state)
{
	struct jws jws;
	const char *header = arena_format(arena, "{\"alg\":\"RS256\",\"kid\":\"%s\",\"typ\":\"at+jwt\"}", signing_key_kid(key));
	const char *other = jws_sign(arena, key, "at+jwt", "");

	(void)state;
	assert_true(jws_read_own(arena, token, &jws));
	assert_string_equal(jws.alg, "RS256");
	assert_string_equal(jws.typ, "JWT");
	assert_string_equal(jws.kid, signing_key_kid(key));
	assert_string_equal(jws.payload, PAYLOAD);
	assert_int_equal(jws.signature_length, 256);
	assert_true(jws_verify(arena, &jws, jwk));
	assert_memory_equal(other, base64url_encode(arena, header, strlen(header)), strlen(header) * 4 / 3);
	assert_true(jws_read_own(arena, other, &jws));
	assert_string_equal(jws.typ, "at+jwt");
	assert_string_equal(jws.payload, "");
	assert_true(jws_verify(arena, &jws, jwk));
}

static void other_algorithms_come_back(void **state)
{
	static const char *const algs[] = {"PS256", "ES256", "EdDSA"};
	static const size_t lengths[] = {256, 64, 64};
	struct jws jws;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct signing_key *other = signing_key_generate(arena, algs[i]);
		const char *other_jwk = signing_key_public_jwk(arena, other);
		const char *other_token = jws_sign(arena, other, "at+jwt", PAYLOAD);

		assert_true(jws_read_own(arena, other_token, &jws));
		assert_string_equal(jws.alg, algs[i]);
		assert_string_equal(jws.kid, signing_key_kid(other));
		assert_int_equal(jws.signature_length, lengths[i]);
		assert_true(jws_verify(arena, &jws, other_jwk));
		assert_false(jws_verify(arena, &jws, jwk));
		assert_false(verifies(token, other_jwk));
		assert_false(verifies(jws_sign(arena, key, "at+jwt", PAYLOAD), other_jwk));
		signing_key_free(other);
	}
}

static void every_changed_character_is_seen(void **state)
{
	size_t length = strlen(token);
	char *copy = arena_copy(arena, token, length);

	(void)state;
	for (size_t i = 0; i < length; i++) {
		copy[i] = token[i] == 'A' ? 'B' : 'A';
		assert_false(verifies(copy, jwk));
		copy[i] = '\0';
		assert_false(verifies(copy, jwk));
		copy[i] = token[i];
	}
	assert_true(verifies(copy, jwk));
	assert_false(verifies(arena_format(arena, "%sA", token), jwk));
	assert_false(verifies(arena_format(arena, "%sAAAA", token), jwk));
	assert_false(verifies(arena_format(arena, "%s=", token), jwk));
	assert_false(verifies(arena_format(arena, "%s.", token), jwk));
	assert_false(verifies(arena_format(arena, " %s", token), jwk));
	assert_false(verifies(arena_format(arena, "%s\n", token), jwk));
}

static void other_keys_do_not_verify(void **state)
{
	struct signing_key *other = signing_key_generate(arena, "RS256");
	const char *other_jwk = signing_key_public_jwk(arena, other);
	const char *members = strstr(other_jwk, "\"n\":");
	const char *mine = strstr(jwk, "\"n\":");

	(void)state;
	assert_false(verifies(token, other_jwk));
	/* Their numbers under our kid, and the other way round. */
	assert_false(verifies(token, arena_format(arena, "%.*s%s", (int)(mine - jwk), jwk, members)));
	assert_false(verifies(token, arena_format(arena, "%.*s%s", (int)(members - other_jwk), other_jwk, mine)));
	signing_key_free(other);
}

static void odd_public_keys_do_not_verify(void **state)
{
	const char *kid = signing_key_kid(key);
	const char *n = arena_copy(arena, strstr(jwk, "\"n\":\"") + 5, 342);
	static const char *const forms[] = {
		"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"none\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"AQAB\"}",
		"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"PS256\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"AQAB\"}",
		"{\"kty\":\"EC\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"AQAB\"}",
		"{\"kty\":\"RSA\",\"use\":\"enc\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"AQAB\"}",
		"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"Aw\"}",
		"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"AQ\"}",
		"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"\"}",
		"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"AQAB\",}",
		"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"AQAB\"",
		"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"AQAB}",
		"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"%s\"}",
		"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"\",\"e\":\"AQAB\"}%s",
		"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"AQ\",\"e\":\"AQAB\"}%s",
		"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",}%s",
		"{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"AQAB\"} ",
	};

	(void)state;
	assert_true(verifies(token, jwk));
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		const char *form = forms[i];
		const char *first = strstr(form, "%s");
		const char *second = strstr(first + 2, "%s");
		const char *odd = second == NULL ? arena_format(arena, "%.*s%s%s", (int)(first - form), form, kid, first + 2)
			: arena_format(arena, "%.*s%s%.*s%s%s", (int)(first - form), form, kid, (int)(second - first - 2), first + 2, n,
				second + 2);

		assert_false(verifies(token, odd));
	}
	assert_false(verifies(token, ""));
	assert_false(verifies(token, "{}"));
	assert_false(verifies(token, "}"));
}

/* A token with this header and our payload; its signature is ours, or none. */
static const char *forged(const char *header, bool with_signature)
{
	const char *payload = strchr(token, '.');
	const char *signature = strrchr(token, '.');

	return arena_format(arena, "%s%.*s.%s", base64url_encode(arena, header, strlen(header)), (int)(signature - payload), payload,
		with_signature ? signature + 1 : "");
}

static void other_headers_are_not_ours(void **state)
{
	static const char kid[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	static const char *const headers[] = {
		"", "{}", "{\"alg\":\"RS256\"}", "{\"alg\":\"none\"}", "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
		"{\"kid\":\"%s\",\"alg\":\"RS256\",\"typ\":\"JWT\"}", "{\"alg\":\"RS256\",\"kid\":\"%s\"}",
		"{\"alg\":\"RS256\",\"kid\":\"%s\",\"typ\":\"JWT\",\"jku\":\"x\"}", "{\"alg\":\"RS256\",\"kid\":\"%s\",\"typ\":\"JWT\"} ",
		" {\"alg\":\"RS256\",\"kid\":\"%s\",\"typ\":\"JWT\"}", "{\"alg\":\"RS256\", \"kid\":\"%s\",\"typ\":\"JWT\"}",
		"{\"alg\":\"\",\"kid\":\"%s\",\"typ\":\"JWT\"}", "{\"alg\":\"RS256\",\"kid\":\"\",\"typ\":\"JWT\"}",
		"{\"alg\":\"RS256\",\"kid\":\"%s\",\"typ\":\"\"}", "{\"alg\":\"RS256\",\"kid\":\"x%s\",\"typ\":\"JWT\"}",
		"{\"alg\":\"RS256\",\"kid\":\"../%s\",\"typ\":\"JWT\"}", "{\"alg\":\"RS256\",\"kid\":\"%s\",\"typ\":\"J\\\"T\"}",
		"{\"alg\":\"RS_256\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
	};
	struct jws jws;

	(void)state;
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		const char *place = strstr(headers[i], "%s");
		const char *header = place == NULL ? headers[i]
			: arena_format(arena, "%.*s%s%s", (int)(place - headers[i]), headers[i], kid, place + 2);

		assert_false(jws_read_own(arena, forged(header, true), &jws));
		assert_null(jws.kid);
		assert_null(jws.payload);
	}
}

static void alg_cannot_be_chosen_by_the_token(void **state)
{
	static const char *const algs[] = {"none", "None", "HS256", "PS256", "ES256", "RS512", "rs256"};
	struct jws jws = {0};

	(void)state;
	for (size_t i = 0; i < sizeof algs / sizeof *algs; i++) {
		const char *header = arena_format(arena, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", algs[i], signing_key_kid(key));
		const char *named = arena_format(arena, "{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"%s\",\"kid\":\"%s\",%s", algs[i],
			signing_key_kid(key), strstr(jwk, "\"n\":"));

		assert_false(verifies(forged(header, true), jwk));
		assert_false(verifies(forged(header, false), jwk));
		assert_false(verifies(forged(header, true), named));
		assert_false(verifies(forged(header, false), named));
	}
	assert_false(jws_verify(arena, &jws, jwk));
	assert_true(jws_read_own(arena, token, &jws));
	assert_false(jws_verify(arena, &jws, NULL));
}

static void malformed_tokens_are_refused(void **state)
{
	static const char *const texts[] = {"", ".", "..", "...", "a", "a.b", "a.b.c", "a.b.c.d", "e30.e30.e30", "\xff.\xff.\xff"};
	const char *nul = arena_format(arena, "%.*s.%s%s", (int)strcspn(token, "."), token, base64url_encode(arena, "{}\0x", 4),
		strrchr(token, '.'));
	struct jws jws;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(jws_read_own(arena, texts[i], &jws));
	assert_false(jws_read_own(arena, nul, &jws));
	assert_true(jws_read_own(arena, forged(arena_format(arena, "{\"alg\":\"RS256\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
		signing_key_kid(key)), true), &jws));
	assert_false(jws_read_own(arena, forged(arena_format(arena, "{\"alg\":\"RS256\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
		signing_key_kid(key)), false), &jws));
}

static void members_are_found(void **state)
{
	struct buffer out = buffer_create(arena, 16);
	const char *odd = "a\"b\\c\nd\te\x01\x7f/\xc3\xa4\xf0\x9f\x98\x80}],{[";

	(void)state;
	json_object_open(&out, NULL);
	json_object_open(&out, "address");
	json_text(&out, "sub", "inner }\"]");
	json_array_open(&out, "sub");
	json_array_close(&out);
	json_object_close(&out);
	json_words(&out, "aud", "one two");
	json_number(&out, "exp", 1300819380);
	json_bool(&out, "email_verified", true);
	json_text(&out, "odd", odd);
	json_text(&out, "empty", "");
	json_text(&out, "value", "sub");
	json_text(&out, "sub", "outer");
	json_object_close(&out);

	assert_string_equal(jws_own_text(arena, out.data, "sub"), "outer");
	assert_string_equal(jws_own_text(arena, out.data, "odd"), odd);
	assert_string_equal(jws_own_text(arena, out.data, "empty"), "");
	assert_null(jws_own_text(arena, out.data, "su"));
	assert_null(jws_own_text(arena, out.data, "subs"));
	assert_null(jws_own_text(arena, out.data, ""));
	assert_null(jws_own_text(arena, out.data, "exp"));
	assert_null(jws_own_text(arena, out.data, "aud"));
	assert_null(jws_own_text(arena, out.data, "address"));
	assert_null(jws_own_text(arena, out.data, "email_verified"));
	assert_null(jws_own_text(arena, "{}", "sub"));
	assert_null(jws_own_text(arena, "", "sub"));
	assert_string_equal(jws_own_text(arena, "{\"a\":\"\\u00e4\\ud83d\\ude00\\b\\f\\r\\/\"}", "a"), "\xc3\xa4\xf0\x9f\x98\x80\b\f\r/");
}

static void malformed_payloads_have_no_members(void **state)
{
	static const char *const texts[] = {
		"{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":\"", "{\"a\":\"x", "{\"a\":\"x\\", "{\"a\":\"x\"", "{\"a\":\"x\"y}", "[\"a\",\"x\"]",
		"{\"a\":\"\\x\"}", "{\"a\":\"\\u\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u123\"}", "{\"a\":\"\\u0000\"}", "{\"a\":\"\\ud800\"}",
		"{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\ud800\\ud800\"}", "{\"a\":\"\\ud800\\u\"}", "{\"b\":{\"a\":\"x\"}",
		"{\"b\":[[[[\"a\":\"x\"", "{a:\"x\"}", "{\"b\":}\"a\":\"x\"}", "\"a\":\"x\"", "{{\"a\":\"x\"}}", "{,\"a\":\"x\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_null(jws_own_text(arena, texts[i], "a"));
}

/* Runs of the characters that matter, for the sanitizers to watch. */
static void random_payloads_are_survived(void **state)
{
	static const char alphabet[] = "{}[]:,\"\"\"\\\\ua0dDc8x";
	struct arena *own = arena_create(1 << 20);

	(void)state;
	assert_non_null(own);
	for (int i = 0; i < 100000; i++) {
		unsigned char bytes[24];
		char *text = arena_alloc(own, sizeof bytes + 8);
		size_t length = 0;

		random_bytes(bytes, sizeof bytes);
		if (bytes[0] % 2 == 0) {
			memcpy(text, "{\"a\":\"", 6);
			length = 6;
		} else {
			text[length++] = '{';
		}
		for (size_t j = 1; j < sizeof bytes; j++)
			text[length++] = alphabet[bytes[j] % (sizeof alphabet - 1)];
		(void)jws_own_text(own, text, "a");
		arena_reset(own);
	}
	arena_destroy(own);
}

static void half_hashes(void **state)
{
	static const char code[] = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";

	(void)state;
	/* OpenID Connect Core A.3 (at_hash) and A.4 (c_hash). */
	assert_string_equal(jws_half_hash(arena, "RS256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
	assert_string_equal(jws_half_hash(arena, "RS256", code), "LDktKdoQak3Pk0cnXxCltA");
	assert_string_equal(jws_half_hash(arena, "ES256", code), "LDktKdoQak3Pk0cnXxCltA");
	assert_int_equal(strlen(jws_half_hash(arena, "ES384", code)), 32);
	assert_int_equal(strlen(jws_half_hash(arena, "EdDSA", code)), 43);
	assert_string_equal(jws_half_hash(arena, "Ed25519", "abc"), "3a81oZNherrMQXNJriBBMRLm-k6JqX6iCp7u5ktV05o");
	assert_null(jws_half_hash(arena, "none", code));
	assert_null(jws_half_hash(arena, "", code));
	assert_null(jws_half_hash(arena, NULL, code));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rs256_known_answer), cmocka_unit_test(signed_comes_back),
		cmocka_unit_test(other_algorithms_come_back),
		cmocka_unit_test(every_changed_character_is_seen), cmocka_unit_test(other_keys_do_not_verify),
		cmocka_unit_test(odd_public_keys_do_not_verify), cmocka_unit_test(other_headers_are_not_ours),
		cmocka_unit_test(alg_cannot_be_chosen_by_the_token), cmocka_unit_test(malformed_tokens_are_refused),
		cmocka_unit_test(members_are_found), cmocka_unit_test(malformed_payloads_have_no_members),
		cmocka_unit_test(random_payloads_are_survived), cmocka_unit_test(half_hashes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
