/* What each algorithm makes, against the examples of the RFCs and against the other way through OpenSSL: EVP. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/crypto/signing_algorithm.h"
#include "lib/crypto/signing_key.h"

static struct arena *arena;

static const struct {
	const struct signing_algorithm *signing;
	const struct verifying_algorithm *verifying;
} algorithms[] = {
	{&signing_rs256, &verifying_rs256}, {&signing_ps256, &verifying_ps256}, {&signing_es256, &verifying_es256},
	{&signing_eddsa, &verifying_eddsa},
};

enum { ALGORITHMS = sizeof algorithms / sizeof *algorithms };

static struct signing_key *keys[ALGORITHMS];

static int setup(void **state)
{
	(void)state;
	arena = arena_create(64 << 20);
	for (size_t i = 0; i < ALGORITHMS; i++) {
		keys[i] = signing_key_generate(arena, algorithms[i].signing->name);
		if (keys[i] == NULL)
			return 1;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < ALGORITHMS; i++)
		signing_key_free(keys[i]);
	arena_destroy(arena);
	return 0;
}

static bool randomness_repeats;

/* In place of the C library's: a kernel that gives the same bytes again and again. */
ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
	if (!randomness_repeats)
		return syscall(SYS_getrandom, buffer, length, flags);
	memset(buffer, 0x5a, length);
	return (ssize_t)length;
}

static struct octets of(const char *text)
{
	return (struct octets){(const unsigned char *)text, strlen(text)};
}

static struct octets decoded(const char *text)
{
	struct octets part;

	part.bytes = base64url_decode(arena, text, strlen(text), &part.length);
	assert_non_null(part.bytes);
	return part;
}

static bool verifies(const struct verifying_algorithm *algorithm, const char *members, struct octets input, struct octets signature)
{
	void *native = algorithm->load(arena, members);
	bool good;

	if (native == NULL)
		return false;
	good = algorithm->verify(native, input, signature);
	algorithm->free(native);
	return good;
}

static char *members_of(const struct signing_key *key)
{
	struct octets parts[SIGNING_PARTS_MOST];

	key->algorithm->parts(arena, key->native, parts, key->algorithm->public_count);
	return key->algorithm->jwk_members(arena, parts);
}

#define A3_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define A3_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define A3_D "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define A3_INPUT \
	"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define A3_SIGNATURE "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

/* RFC 7515 A.3. */
static void es256_known_answer(void **state)
{
	static const char members[] = "\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"";
	struct octets parts[3] = {decoded(A3_X), decoded(A3_Y), decoded(A3_D)};
	struct octets again[3];
	struct octets first;
	struct octets second;
	void *native = signing_es256.load(parts);

	(void)state;
	assert_non_null(native);
	assert_true(verifies(&verifying_es256, members, of(A3_INPUT), decoded(A3_SIGNATURE)));
	assert_false(verifies(&verifying_es256, members, of(A3_INPUT "x"), decoded(A3_SIGNATURE)));
	assert_string_equal(signing_es256.jwk_members(arena, parts), members);
	signing_es256.parts(arena, native, again, 3);
	for (size_t i = 0; i < 3; i++)
		assert_memory_equal(again[i].bytes, parts[i].bytes, 32);
	first = signing_es256.sign(arena, native, of(A3_INPUT));
	second = signing_es256.sign(arena, native, of(A3_INPUT));
	assert_int_equal(first.length, 64);
	assert_true(verifies(&verifying_es256, members, of(A3_INPUT), first));
	/* A nonce that came twice would give the key away. */
	assert_memory_not_equal(first.bytes, second.bytes, 32);
	signing_es256.free(native);
}

/* RFC 8037 A.1 to A.4. */
static void eddsa_known_answer(void **state)
{
	static const char x[] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
	static const char input[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
	static const char answer[] = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
	struct octets parts[2] = {decoded(x), decoded("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")};
	void *native = signing_eddsa.load(parts);
	unsigned char digest[SHA256_BYTES];
	struct octets signature;
	const char *text;

	(void)state;
	assert_non_null(native);
	signature = signing_eddsa.sign(arena, native, of(input));
	assert_string_equal(base64url_encode(arena, signature.bytes, signature.length), answer);
	assert_true(verifies(&verifying_eddsa, arena_format(arena, "\"crv\":\"Ed25519\",\"x\":\"%s\"", x), of(input), decoded(answer)));
	signing_eddsa.free(native);
	text = signing_eddsa.thumbprint_text(arena, parts);
	sha256(text, strlen(text), digest);
	assert_string_equal(base64url_encode(arena, digest, sizeof digest), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
	parts[0] = parts[1];
	assert_null(signing_eddsa.load(parts));
}

/* RFC 9449 4.2 and 6.1: a key on P-256 and its thumbprint. */
static void es256_thumbprint(void **state)
{
	struct octets parts[2] = {decoded("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"), decoded("9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA")};
	const char *text = signing_es256.thumbprint_text(arena, parts);
	unsigned char digest[SHA256_BYTES];

	(void)state;
	sha256(text, strlen(text), digest);
	assert_string_equal(base64url_encode(arena, digest, sizeof digest), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

static void public_jwks_have_their_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < ALGORITHMS; i++) {
		const char *name = algorithms[i].signing->name;
		const char *kty = strcmp(name, "ES256") == 0 ? "EC" : strcmp(name, "EdDSA") == 0 ? "OKP" : "RSA";
		const char *expected = arena_format(arena, "{\"kty\":\"%s\",\"use\":\"sig\",\"alg\":\"%s\",\"kid\":\"%s\",%s}", kty, name,
			signing_key_kid(keys[i]), members_of(keys[i]));

		assert_string_equal(algorithms[i].verifying->name, name);
		assert_string_equal(algorithms[i].verifying->kty, kty);
		assert_string_equal(signing_key_public_jwk(arena, keys[i]), expected);
		assert_ptr_equal(signing_algorithm_find(name), algorithms[i].signing);
		assert_ptr_equal(verifying_algorithm_find(name), algorithms[i].verifying);
	}
	assert_memory_equal(members_of(keys[0]), "\"n\":\"", 5);
	assert_memory_equal(members_of(keys[2]), "\"crv\":\"P-256\",\"x\":\"", 19);
	assert_memory_equal(members_of(keys[3]), "\"crv\":\"Ed25519\",\"x\":\"", 21);
	assert_null(verifying_algorithm_find("none"));
	assert_null(verifying_algorithm_find("HS256"));
	assert_null(verifying_algorithm_find("rs256"));
	assert_null(verifying_algorithm_find(NULL));
}

static void every_changed_bit_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < ALGORITHMS; i++) {
		const char *members = members_of(keys[i]);
		struct octets signature = algorithms[i].signing->sign(arena, keys[i]->native, of("the message"));
		unsigned char *copy = (unsigned char *)arena_copy(arena, signature.bytes, signature.length);
		struct octets changed = {copy, signature.length};

		assert_true(verifies(algorithms[i].verifying, members, of("the message"), signature));
		assert_false(verifies(algorithms[i].verifying, members, of("the Message"), signature));
		assert_false(verifies(algorithms[i].verifying, members, of(""), signature));
		for (size_t bit = 0; bit < signature.length * 8; bit += signature.length > 64 ? 37 : 1) {
			copy[bit / 8] ^= (unsigned char)(1 << bit % 8);
			assert_false(verifies(algorithms[i].verifying, members, of("the message"), changed));
			copy[bit / 8] ^= (unsigned char)(1 << bit % 8);
		}
		for (changed.length = 0; changed.length < signature.length; changed.length++)
			assert_false(verifies(algorithms[i].verifying, members, of("the message"), changed));
		changed.length++;
		assert_false(verifies(algorithms[i].verifying, members, of("the message"), changed));
	}
}

/* RS256 and PS256 with one and the same key must not take each other's signatures. */
static void paddings_are_not_mixed_up(void **state)
{
	const char *members = members_of(keys[0]);
	struct octets rs256 = signing_rs256.sign(arena, keys[0]->native, of("x"));
	struct octets ps256 = signing_ps256.sign(arena, keys[0]->native, of("x"));

	(void)state;
	assert_true(verifies(&verifying_rs256, members, of("x"), rs256));
	assert_true(verifies(&verifying_ps256, members, of("x"), ps256));
	assert_false(verifies(&verifying_rs256, members, of("x"), ps256));
	assert_false(verifies(&verifying_ps256, members, of("x"), rs256));
	assert_memory_not_equal(signing_ps256.sign(arena, keys[0]->native, of("x")).bytes, ps256.bytes, ps256.length);
}

static void zero_signatures_are_refused(void **state)
{
	static const unsigned char zeros[512];
	static const char order[] = "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE";

	(void)state;
	for (size_t i = 0; i < ALGORITHMS; i++)
		assert_false(verifies(algorithms[i].verifying, members_of(keys[i]), of("x"), (struct octets){zeros, i < 2 ? 256 : 64}));
	/* r and s as large as the group's order, and zero beside a good one. */
	struct octets good = signing_es256.sign(arena, keys[2]->native, of("x"));
	for (size_t half = 0; half < 2; half++) {
		unsigned char *copy = (unsigned char *)arena_copy(arena, good.bytes, good.length);

		memcpy(copy + half * 32, zeros, 32);
		assert_false(verifies(&verifying_es256, members_of(keys[2]), of("x"), (struct octets){copy, 64}));
		memcpy(copy + half * 32, decoded(order).bytes, 32);
		assert_false(verifies(&verifying_es256, members_of(keys[2]), of("x"), (struct octets){copy, 64}));
	}
}

static void odd_public_keys_are_refused(void **state)
{
	static const char *const rsa[] = {"", "\"n\":\"\",\"e\":\"AQAB\"", "\"n\":\"AQAB\",\"e\":\"AQAB\"", "\"e\":\"AQAB\",\"n\":\"AQAB\""};
	static const char *const ec[] = {
		"", "\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"" A3_X "\"", "\"crv\":\"P-384\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"",
		"\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\",", "\"crv\":\"P-256\",\"x\":\"\",\"y\":\"\"", "\"crv\":\"P-256\",\"x\":\"" A3_X "\"",
		"\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
		"\"crv\":\"P-256\",\"x\":\"__________________________________________8\",\"y\":\"" A3_Y "\"",
		"\"crv\":\"P-256\",\"x\":\"AH_Nzidw9sRdQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF\",\"y\":\"" A3_Y "\"",
	};
	static const char *const okp[] = {"", "\"crv\":\"Ed25519\",\"x\":\"\"", "\"crv\":\"Ed25519\",\"x\":\"AAAA\"", "\"crv\":\"X25519\",\"x\":\"" A3_X "\"",
		"\"crv\":\"Ed25519\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\""};

	(void)state;
	for (size_t i = 0; i < sizeof rsa / sizeof *rsa; i++)
		assert_null(verifying_ps256.load(arena, rsa[i]));
	for (size_t i = 0; i < sizeof ec / sizeof *ec; i++)
		assert_null(verifying_es256.load(arena, ec[i]));
	for (size_t i = 0; i < sizeof okp / sizeof *okp; i++)
		assert_null(verifying_eddsa.load(arena, okp[i]));
}

static void odd_private_keys_are_refused(void **state)
{
	static const unsigned char zeros[32];
	struct octets ec[3] = {decoded(A3_X), decoded(A3_Y), decoded(A3_D)};
	struct octets wrong[] = {{zeros, 32}, {ec[2].bytes, 31}, decoded("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE"),
		decoded("__________________________________________8")};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_null(signing_es256.load((struct octets[]){ec[0], ec[1], wrong[i]}));
	assert_null(signing_es256.load((struct octets[]){ec[0], ec[0], ec[2]}));
	assert_null(signing_eddsa.load((struct octets[]){{zeros, 31}, {zeros, 32}}));
	assert_null(signing_eddsa.load((struct octets[]){{zeros, 32}, {zeros, 31}}));
}

static EVP_PKEY *as_evp(size_t i)
{
	EVP_PKEY *key = EVP_PKEY_new();

	assert_non_null(key);
	if (i < 2)
		assert_int_equal(EVP_PKEY_set1_RSA(key, keys[i]->native), 1);
	else
		assert_int_equal(EVP_PKEY_set1_EC_KEY(key, keys[i]->native), 1);
	return key;
}

static void set_padding(size_t i, EVP_PKEY_CTX *context)
{
	if (i != 1)
		return;
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 32), 1);
}

/* ECDSA signatures are DER for EVP. */
static struct octets from_der(const unsigned char *der, size_t length)
{
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)length);
	unsigned char *bytes = arena_alloc(arena, 64);

	assert_non_null(signature);
	BN_bn2binpad(ECDSA_SIG_get0_r(signature), bytes, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(signature), bytes + 32, 32);
	ECDSA_SIG_free(signature);
	return (struct octets){bytes, 64};
}

static struct octets to_der(struct octets raw)
{
	ECDSA_SIG *signature = ECDSA_SIG_new();
	unsigned char *der = arena_alloc(arena, 128);
	unsigned char *end = der;

	ECDSA_SIG_set0(signature, BN_bin2bn(raw.bytes, 32, NULL), BN_bin2bn(raw.bytes + 32, 32, NULL));
	i2d_ECDSA_SIG(signature, &end);
	ECDSA_SIG_free(signature);
	return (struct octets){der, (size_t)(end - der)};
}

static void evp_agrees(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		EVP_PKEY *evp = as_evp(i);
		EVP_MD_CTX *digest = EVP_MD_CTX_new();
		EVP_PKEY_CTX *context;
		unsigned char bytes[512];
		size_t length = sizeof bytes;
		struct octets ours = algorithms[i].signing->sign(arena, keys[i]->native, of("message"));
		struct octets theirs = {bytes, 0};

		assert_int_equal(EVP_DigestSignInit(digest, &context, EVP_sha256(), NULL, evp), 1);
		set_padding(i, context);
		assert_int_equal(EVP_DigestSign(digest, bytes, &length, (const unsigned char *)"message", 7), 1);
		theirs.length = length;
		if (i == 2)
			theirs = from_der(bytes, length);
		assert_true(verifies(algorithms[i].verifying, members_of(keys[i]), of("message"), theirs));
		EVP_MD_CTX_free(digest);

		digest = EVP_MD_CTX_new();
		assert_int_equal(EVP_DigestVerifyInit(digest, &context, EVP_sha256(), NULL, evp), 1);
		set_padding(i, context);
		if (i == 2)
			ours = to_der(ours);
		assert_int_equal(EVP_DigestVerify(digest, ours.bytes, ours.length, (const unsigned char *)"message", 7), 1);
		EVP_MD_CTX_free(digest);
		EVP_PKEY_free(evp);
	}
}

/* Salts of another length are refused: RFC 7518 3.5 leaves no choice. */
static void other_salts_are_refused(void **state)
{
	static const int salts[] = {0, 20, 31, 33, 222, 32};
	EVP_PKEY *evp = as_evp(1);

	(void)state;
	for (size_t i = 0; i < sizeof salts / sizeof *salts; i++) {
		EVP_MD_CTX *digest = EVP_MD_CTX_new();
		EVP_PKEY_CTX *context;
		unsigned char bytes[512];
		size_t length = sizeof bytes;

		assert_int_equal(EVP_DigestSignInit(digest, &context, EVP_sha256(), NULL, evp), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salts[i]), 1);
		assert_int_equal(EVP_DigestSign(digest, bytes, &length, (const unsigned char *)"m", 1), 1);
		assert_int_equal(verifies(&verifying_ps256, members_of(keys[1]), of("m"), (struct octets){bytes, length}), salts[i] == 32);
		EVP_MD_CTX_free(digest);
	}
	EVP_PKEY_free(evp);
}

/* Two messages under one nonce would give the key away. */
static void nonces_differ_even_if_randomness_repeats(void **state)
{
	struct signing_key *other = signing_key_generate(arena, "ES256");
	struct octets signatures[4];

	(void)state;
	randomness_repeats = true;
	signatures[0] = signing_es256.sign(arena, keys[2]->native, of("one"));
	signatures[1] = signing_es256.sign(arena, keys[2]->native, of("two"));
	signatures[2] = signing_es256.sign(arena, other->native, of("one"));
	signatures[3] = signing_es256.sign(arena, keys[2]->native, of("one"));
	randomness_repeats = false;
	assert_memory_equal(signatures[0].bytes, signatures[3].bytes, 64);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(signatures[i].length, 64);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(signatures[i].bytes, signatures[j].bytes, 32);
	}
	assert_true(verifies(&verifying_es256, members_of(keys[2]), of("two"), signatures[1]));
	/* The mask is gone: what is made now is the kernel's alone again. */
	assert_memory_not_equal(signing_es256.sign(arena, keys[2]->native, of("one")).bytes, signatures[0].bytes, 32);
	signing_key_free(other);
}

static void many_signatures_verify(void **state)
{
	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct octets input = of(arena_format(arena, "message %d", i));
		struct octets signature = signing_es256.sign(arena, keys[2]->native, input);

		assert_int_equal(signature.length, 64); /* leading zeros stay */
		assert_true(verifies(&verifying_es256, members_of(keys[2]), input, signature));
	}
	for (int i = 0; i < 600; i++) {
		struct signing_key *key = signing_key_generate(arena, "ES256");
		struct octets parts[3];

		key->algorithm->parts(arena, key->native, parts, 3);
		for (size_t j = 0; j < 3; j++)
			assert_int_equal(parts[j].length, 32);
		signing_key_free(key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(es256_known_answer), cmocka_unit_test(eddsa_known_answer), cmocka_unit_test(es256_thumbprint),
		cmocka_unit_test(public_jwks_have_their_form), cmocka_unit_test(every_changed_bit_is_seen),
		cmocka_unit_test(paddings_are_not_mixed_up), cmocka_unit_test(zero_signatures_are_refused),
		cmocka_unit_test(odd_public_keys_are_refused), cmocka_unit_test(odd_private_keys_are_refused),
		cmocka_unit_test(evp_agrees), cmocka_unit_test(other_salts_are_refused),
		cmocka_unit_test(nonces_differ_even_if_randomness_repeats), cmocka_unit_test(many_signatures_verify),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
