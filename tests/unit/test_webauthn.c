#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/text.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/signing_algorithm.h"
#include "lib/crypto/signing_key.h"
#include "lib/crypto/webauthn.h"

static struct arena *arena;

enum { ES256, RS256, EDDSA, KEYS };
static const char *const names[KEYS] = {"ES256", "RS256", "EdDSA"};
static struct signing_key *keys[KEYS];

static const struct webauthn_site site = {"id.example.org", "https://id.example.org", "Y2hhbGxlbmdl"};

#define CLIENT(type, more) "{\"type\":\"" type "\",\"challenge\":\"Y2hhbGxlbmdl\",\"origin\":\"https://id.example.org\"" more "}"
#define GET CLIENT("webauthn.get", "")
#define CREATE CLIENT("webauthn.create", ",\"crossOrigin\":false")

static int setup(void **state)
{
	(void)state;
	arena = arena_create(64 << 20);
	for (size_t i = 0; i < KEYS; i++)
		if ((keys[i] = signing_key_generate(arena, names[i])) == NULL)
			return 1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		signing_key_free(keys[i]);
	arena_destroy(arena);
	return 0;
}

static const char *text_of(struct buffer bytes)
{
	return base64url_encode(arena, bytes.data, bytes.length);
}

static struct buffer head(const char *rp_id, unsigned flags, uint32_t count)
{
	struct buffer out = buffer_create(arena, 2048);
	unsigned char digest[SHA256_BYTES];

	sha256(rp_id, strlen(rp_id), digest);
	buffer_bytes(&out, digest, sizeof digest);
	buffer_char(&out, (char)flags);
	for (int shift = 24; shift >= 0; shift -= 8)
		buffer_char(&out, (char)(count >> shift & 0xff));
	return out;
}

/* ---- assertions */

static void put_integer(struct buffer *out, const unsigned char *bytes, size_t length)
{
	while (length > 1 && *bytes == 0) {
		bytes++;
		length--;
	}
	buffer_char(out, 0x02);
	buffer_char(out, (char)(length + (*bytes >> 7)));
	if (*bytes & 0x80)
		buffer_char(out, 0);
	buffer_bytes(out, bytes, length);
}

static struct buffer der(const unsigned char *raw)
{
	struct buffer integers = buffer_create(arena, 128);
	struct buffer out = buffer_create(arena, 128);

	put_integer(&integers, raw, 32);
	put_integer(&integers, raw + 32, 32);
	buffer_char(&out, 0x30);
	buffer_char(&out, (char)integers.length);
	buffer_bytes(&out, integers.data, integers.length);
	return out;
}

static struct octets sign(size_t i, struct buffer data, const char *client)
{
	unsigned char digest[SHA256_BYTES];
	struct buffer input = buffer_create(arena, 256);

	sha256(client, strlen(client), digest);
	buffer_bytes(&input, data.data, data.length);
	buffer_bytes(&input, digest, sizeof digest);
	return keys[i]->algorithm->sign(arena, keys[i]->native, (struct octets){(unsigned char *)input.data, input.length});
}

static struct webauthn_assertion assertion(size_t i, struct buffer data, const char *client)
{
	struct octets signature = sign(i, data, client);

	if (i == ES256) {
		struct buffer encoded = der(signature.bytes);
		signature = (struct octets){(unsigned char *)encoded.data, encoded.length};
	}
	return (struct webauthn_assertion){base64url_encode(arena, client, strlen(client)), text_of(data),
		base64url_encode(arena, signature.bytes, signature.length)};
}

static const char *check(size_t i, struct buffer data, const char *client)
{
	struct webauthn_authenticator authenticator;
	const struct webauthn_assertion made = assertion(i, data, client);

	return webauthn_check_assertion(arena, &site, &made, signing_key_public_jwk(arena, keys[i]), &authenticator);
}

static void assert_problem(const char *problem, const char *part)
{
	assert_non_null(problem);
	if (strstr(problem, part) == NULL)
		fail_msg("%s, not %s", problem, part);
}

static void test_assertions(void **state)
{
	struct webauthn_authenticator authenticator;

	(void)state;
	for (size_t i = 0; i < KEYS; i++) {
		/* Often, for each length that r and s have in DER. */
		for (int round = 0; round < (i == ES256 ? 300 : 2); round++) {
			struct webauthn_assertion made = assertion(i, head("id.example.org", 0x1d, 0xfedcba98U), GET);

			assert_null(webauthn_check_assertion(arena, &site, &made, signing_key_public_jwk(arena, keys[i]), &authenticator));
			assert_int_equal(authenticator.sign_count, 0xfedcba98);
			assert_true(authenticator.backup_eligible && authenticator.backed_up);
		}
		assert_null(check(i, head("id.example.org", 0x05, 0), CLIENT("webauthn.get", ",\"crossOrigin\":false,\"other\":{\"a\":[1]}")));
	}
}

static void test_client_data(void **state)
{
	struct buffer data = head("id.example.org", 0x05, 1);

	(void)state;
	assert_problem(check(ES256, data, CREATE), "type");
	assert_problem(check(ES256, data, "{\"type\":\"webauthn.get\",\"challenge\":\"Y2hhbGxlbmdm\",\"origin\":\"https://id.example.org\"}"), "challenge");
	assert_problem(check(ES256, data, "{\"type\":\"webauthn.get\",\"origin\":\"https://id.example.org\"}"), "challenge");
	assert_problem(check(ES256, data, "{\"type\":\"webauthn.get\",\"challenge\":\"Y2hhbGxlbmdl\",\"origin\":\"https://id.example.org.evil.example\"}"), "origin");
	assert_problem(check(ES256, data, "{\"type\":\"webauthn.get\",\"challenge\":\"Y2hhbGxlbmdl\",\"origin\":\"http://id.example.org\"}"), "origin");
	assert_problem(check(ES256, data, CLIENT("webauthn.get", ",\"crossOrigin\":true")), "crossOrigin");
	assert_problem(check(ES256, data, CLIENT("webauthn.get", ",\"crossOrigin\":\"false\"")), "crossOrigin");
	assert_problem(check(ES256, data, CLIENT("webauthn.get", ",\"topOrigin\":\"https://evil.example\"")), "crossOrigin");
	assert_problem(check(ES256, data, CLIENT("webauthn.get", ",\"origin\":\"https://id.example.org\"")), "client data");
	assert_problem(check(ES256, data, GET "x"), "client data");
	assert_problem(check(ES256, data, "[]"), "client data");
	assert_problem(check(ES256, data, arena_format(arena, CLIENT("webauthn.get", ",\"x\":\"%5000d\""), 1)), "client data");
}

static void test_authenticator_data(void **state)
{
	struct buffer data = head("id.example.org", 0x05, 1);

	(void)state;
	assert_problem(check(ES256, head("example.org", 0x05, 1), GET), "RP ID");
	assert_problem(check(ES256, head("id.example.org", 0x04, 1), GET), "present");
	assert_problem(check(ES256, head("id.example.org", 0x01, 1), GET), "verified");
	assert_problem(check(ES256, head("id.example.org", 0x15, 1), GET), "backup");
	assert_problem(check(ES256, head("id.example.org", 0x45, 1), GET), "end of");
	assert_problem(check(ES256, head("id.example.org", 0x85, 1), GET), "end of");
	data.length--;
	assert_problem(check(ES256, data, GET), "authenticator data");
	data.length++;
	buffer_char(&data, (char)0xa0);
	assert_problem(check(ES256, data, GET), "end of");
	data.data[SHA256_BYTES] = (char)0x85;
	assert_null(check(ES256, data, GET));
}

static const char *check_signature(size_t i, const char *signature, size_t length)
{
	struct webauthn_authenticator authenticator;
	struct webauthn_assertion made = assertion(i, head("id.example.org", 0x05, 1), GET);

	made.signature = base64url_encode(arena, signature, length);
	return webauthn_check_assertion(arena, &site, &made, signing_key_public_jwk(arena, keys[i]), &authenticator);
}

static void test_signatures(void **state)
{
	struct buffer data = head("id.example.org", 0x05, 1);
	struct webauthn_authenticator authenticator;

	(void)state;
	for (size_t i = 0; i < KEYS; i++) {
		struct webauthn_assertion made = assertion(i, data, GET);

		/* Another key, other client data, other authenticator data. */
		assert_problem(webauthn_check_assertion(arena, &site, &made, signing_key_public_jwk(arena, keys[(i + 1) % KEYS]), &authenticator), "signature");
		made.client_data = base64url_encode(arena, GET " ", strlen(GET " "));
		assert_problem(webauthn_check_assertion(arena, &site, &made, signing_key_public_jwk(arena, keys[i]), &authenticator), "signature");
		made = assertion(i, data, GET);
		made.authenticator_data = text_of(head("id.example.org", 0x05, 2));
		assert_problem(webauthn_check_assertion(arena, &site, &made, signing_key_public_jwk(arena, keys[i]), &authenticator), "signature");
		made.signature = "";
		assert_non_null(webauthn_check_assertion(arena, &site, &made, signing_key_public_jwk(arena, keys[i]), &authenticator));
		made.signature = "*";
		assert_problem(webauthn_check_assertion(arena, &site, &made, signing_key_public_jwk(arena, keys[i]), &authenticator), "base64url");
		made.signature = NULL;
		assert_problem(webauthn_check_assertion(arena, &site, &made, signing_key_public_jwk(arena, keys[i]), &authenticator), "base64url");
	}
	for (int round = 0; round < 50; round++) {
		struct octets raw = sign(ES256, data, GET);
		struct buffer good = der(raw.bytes);

		assert_null(check_signature(ES256, good.data, good.length));
		assert_problem(check_signature(ES256, (const char *)raw.bytes, raw.length), "signature"); /* not in DER */
		for (size_t length = 0; length < good.length; length++)
			assert_non_null(check_signature(ES256, good.data, length));
		for (size_t at = 0; at < good.length; at++) {
			good.data[at] = (char)(good.data[at] ^ 0x80);
			assert_problem(check_signature(ES256, good.data, good.length), "signature");
			good.data[at] = (char)(good.data[at] ^ 0x80);
		}
		buffer_char(&good, 0);
		assert_problem(check_signature(ES256, good.data, good.length), "signature");
	}
}

/* ---- registration */

static void put_head(struct buffer *out, unsigned major, size_t number)
{
	if (number < 24) {
		buffer_char(out, (char)(major << 5 | number));
	} else if (number < 256) {
		buffer_char(out, (char)(major << 5 | 24));
		buffer_char(out, (char)number);
	} else {
		buffer_char(out, (char)(major << 5 | 25));
		buffer_char(out, (char)(number >> 8));
		buffer_char(out, (char)number);
	}
}

static void put_number(struct buffer *out, int number)
{
	put_head(out, number < 0, (size_t)(number < 0 ? -1 - number : number));
}

static void put_string(struct buffer *out, unsigned major, const void *bytes, size_t length)
{
	put_head(out, major, length);
	buffer_bytes(out, bytes, length);
}

static struct buffer cose_key(size_t i)
{
	struct buffer out = buffer_create(arena, 1024);
	struct octets parts[SIGNING_PARTS_MOST];

	keys[i]->algorithm->parts(arena, keys[i]->native, parts, keys[i]->algorithm->public_count);
	put_head(&out, 5, i == ES256 ? 5 : 4);
	put_number(&out, 1);
	put_number(&out, i == ES256 ? 2 : i == RS256 ? 3 : 1);
	put_number(&out, 3);
	put_number(&out, i == ES256 ? -7 : i == RS256 ? -257 : -8);
	if (i != RS256) {
		put_number(&out, -1);
		put_number(&out, i == ES256 ? 1 : 6);
	}
	for (size_t j = 0; j < keys[i]->algorithm->public_count; j++) {
		put_number(&out, (i == RS256 ? -1 : -2) - (int)j);
		put_string(&out, 2, parts[j].bytes, parts[j].length);
	}
	return out;
}

static struct buffer credential_data(unsigned flags, size_t id_length, struct buffer key)
{
	struct buffer out = head("id.example.org", flags, 7);

	for (int i = 0; i < 16; i++)
		buffer_char(&out, 0);
	buffer_char(&out, (char)(id_length >> 8));
	buffer_char(&out, (char)id_length);
	for (size_t i = 0; i < id_length; i++)
		buffer_char(&out, (char)i);
	buffer_bytes(&out, key.data, key.length);
	return out;
}

/* `statement` is CBOR. */
static struct buffer attestation(const char *format, struct buffer statement, struct buffer data)
{
	struct buffer out = buffer_create(arena, 2048);

	put_head(&out, 5, 3);
	put_string(&out, 3, "fmt", 3);
	put_string(&out, 3, format, strlen(format));
	put_string(&out, 3, "attStmt", 7);
	buffer_bytes(&out, statement.data, statement.length);
	put_string(&out, 3, "authData", 8);
	put_string(&out, 2, data.data, data.length);
	return out;
}

static struct buffer bytes(const char *text, size_t length)
{
	struct buffer out = buffer_create(arena, 64);

	buffer_bytes(&out, text, length);
	return out;
}
#define BYTES(text) bytes(text, sizeof text - 1)
#define NO_STATEMENT BYTES("\xa0")

static struct webauthn_credential credential;

static const char *check_object(struct buffer object)
{
	return webauthn_check_registration(arena, &site, base64url_encode(arena, CREATE, strlen(CREATE)), text_of(object), &credential);
}

static const char *check_data(struct buffer data)
{
	return check_object(attestation("none", NO_STATEMENT, data));
}

static void test_registrations(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++) {
		struct webauthn_authenticator authenticator;
		struct webauthn_assertion made = assertion(i, head("id.example.org", 0x05, 8), GET);

		assert_null(check_data(credential_data(0x4d, i == 0 ? 1023 : 16, cose_key(i))));
		/* Same key, same kid, as one of our own. */
		assert_string_equal(credential.public_jwk, signing_key_public_jwk(arena, keys[i]));
		assert_int_equal(credential.id_length, i == 0 ? 1023 : 16);
		assert_int_equal(credential.id[1], 1);
		assert_int_equal(credential.authenticator.sign_count, 7);
		assert_true(credential.authenticator.backup_eligible);
		assert_false(credential.authenticator.backed_up);
		assert_null(webauthn_check_assertion(arena, &site, &made, credential.public_jwk, &authenticator));
	}
	/* Whatever was attested is not believed, and does no harm: {"x5c": [h'00', {}], "ver": "2.0", "ok": true}. */
	assert_null(check_object(attestation("packed", BYTES("\xa3\x63x5c\x82\x41\x00\xa0\x63ver\x63\x32.0\x62ok\xf5"), credential_data(0x45, 16, cose_key(ES256)))));
}

static void test_registration_is_for_us(void **state)
{
	struct buffer good = credential_data(0x45, 16, cose_key(ES256));
	const char *object = text_of(attestation("none", NO_STATEMENT, good));

	(void)state;
	assert_problem(webauthn_check_registration(arena, &site, base64url_encode(arena, GET, strlen(GET)), object, &credential), "type");
	assert_problem(webauthn_check_registration(arena, &site, "*", object, &credential), "base64url");
	assert_problem(webauthn_check_registration(arena, &site, base64url_encode(arena, CREATE, strlen(CREATE)), "*", &credential), "attestation object");
	assert_problem(check_data(credential_data(0x44, 16, cose_key(ES256))), "present");
	assert_problem(check_data(credential_data(0x41, 16, cose_key(ES256))), "verified");
	assert_problem(check_data(credential_data(0x55, 16, cose_key(ES256))), "backup");
	assert_problem(check_data(credential_data(0x05, 16, cose_key(ES256))), "no credential");
	assert_problem(check_data(credential_data(0x45, 0, cose_key(ES256))), "1023");
	assert_problem(check_data(credential_data(0x45, 1024, cose_key(ES256))), "1023");
	good.data[0] = (char)(good.data[0] ^ 1);
	assert_problem(check_data(good), "RP ID");
}

static void test_cbor_is_strict(void **state)
{
	struct buffer data = credential_data(0x45, 16, cose_key(ES256));
	struct buffer object = attestation("none", NO_STATEMENT, data);

	(void)state;
	for (size_t length = 0; length < object.length; length++)
		assert_non_null(check_object(bytes(object.data, length)));
	for (size_t length = 0; length < data.length; length++)
		assert_non_null(check_data(bytes(data.data, length)));
	buffer_char(&object, 0);
	assert_problem(check_object(object), "attestation object");
	buffer_char(&data, 0);
	assert_problem(check_data(data), "end of");
	/* Indefinite lengths, tags, floats, null, 2^32 items, nesting without end, a statement that is no map. */
	static const struct { const char *bytes; size_t length; } bad[] = {
		{"\xbf\xff", 2}, {"\xa1\x61x\x9f\xff", 5}, {"\xa1\x61x\x5f\x41y\xff", 7}, {"\xa1\x61x\xc1\x01", 5}, {"\xa1\x61x\xf9\x00\x00", 6},
		{"\xa1\x61x\xf6", 4}, {"\xbb\x00\x00\x00\x01\x00\x00\x00\x00", 9}, {"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 9},
		{"\xa1\x61x\x5b\xff\xff\xff\xff\xff\xff\xff\xff", 12}, {"\x80", 1}, {"\x40", 1}, {"\xa1\x61x\x1c", 4}, {"", 0},
	};
	data.length--;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_problem(check_object(attestation("none", bytes(bad[i].bytes, bad[i].length), data)), "attestation object");
	struct buffer deep = buffer_create(arena, 40000);
	for (int i = 0; i < 30000; i++)
		buffer_char(&deep, (char)0x81);
	assert_problem(check_object(attestation("none", deep, data)), "attestation object");
	/* A member twice, one that is unknown, a map too short. */
	object = attestation("none", NO_STATEMENT, data);
	memcpy(strstr(object.data, "attStmt"), "attStmx", 7);
	assert_problem(check_object(object), "attestation object");
	object.data[0] = (char)0xa2;
	assert_problem(check_object(object), "attestation object");
}

static void test_extensions(void **state)
{
	struct buffer data = credential_data(0xc5, 16, cose_key(ES256));

	(void)state;
	assert_problem(check_data(data), "extensions");
	buffer_text(&data, "\xa1\x61x\xf5");
	assert_null(check_data(data));
	data.data[SHA256_BYTES] = 0x45;
	assert_problem(check_data(data), "end of");
}

static void test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++) {
		/* kty, alg, (crv): another value each time. */
		for (size_t at = 2; at <= 4; at += 2) {
			struct buffer key = cose_key(i);
			key.data[at] ^= 0x08;
			assert_non_null(check_data(credential_data(0x45, 16, key)));
		}
		struct buffer key = cose_key(i);
		key.data[3] = 1; /* kty twice, alg missing */
		assert_problem(check_data(credential_data(0x45, 16, key)), "COSE");
		key = cose_key(i);
		key.data[0]++; /* one more member, which is missing */
		assert_problem(check_data(credential_data(0x45, 16, key)), "COSE");
		buffer_bytes(&key, "\x04\x01", 2); /* key_ops: optional */
		assert_problem(check_data(credential_data(0x45, 16, key)), "COSE");
		key = cose_key(i);
		key.data[0]--;
		assert_non_null(check_data(credential_data(0x45, 16, key)));
	}
	/* No point of the curve; e = 3; a modulus that is too short. */
	struct buffer key = cose_key(ES256);
	key.data[key.length - 1] ^= 1;
	assert_problem(check_data(credential_data(0x45, 16, key)), "algorithm");
	key = cose_key(RS256);
	key.data[key.length - 1] = 3;
	assert_problem(check_data(credential_data(0x45, 16, key)), "algorithm");
	static const char other[] = "\xa4\x01\x03\x03\x39\x01\x00\x20\x41\x80\x21\x43\x01\x00\x01";
	assert_problem(check_data(credential_data(0x45, 16, bytes(other, sizeof other - 1))), "algorithm");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_assertions),
		cmocka_unit_test(test_client_data),
		cmocka_unit_test(test_authenticator_data),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_registrations),
		cmocka_unit_test(test_registration_is_for_us),
		cmocka_unit_test(test_cbor_is_strict),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_keys),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
