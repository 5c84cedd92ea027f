#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "lib/crypto/digest.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_create(1 << 20);
	return arena == NULL;
}

static int teardown(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static void assert_hex(const unsigned char *bytes, size_t length, const char *expected)
{
	char text[2 * SHA512_BYTES + 1] = "";

	for (size_t i = 0; i < length; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	assert_string_equal(text, expected);
}

/* FIPS 180-4, examples of NIST. */
static void sha2_known_answers(void **state)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	unsigned char out[SHA512_BYTES];

	(void)state;
	sha256("abc", 3, out);
	assert_hex(out, SHA256_BYTES, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256("", 0, out);
	assert_hex(out, SHA256_BYTES, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256(NULL, 0, out);
	assert_hex(out, SHA256_BYTES, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256(two_blocks, strlen(two_blocks), out);
	assert_hex(out, SHA256_BYTES, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	sha384("abc", 3, out);
	assert_hex(out, SHA384_BYTES, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
		"8086072ba1e7cc2358baeca134c825a7");
	sha512("abc", 3, out);
	assert_hex(out, SHA512_BYTES, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
	assert_hex(sha256_of(arena, "abc"), SHA256_BYTES, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231 4. */
static void hmac_known_answers(void **state)
{
	unsigned char key[131];
	unsigned char out[SHA256_BYTES];
	const char *long_key = "Test Using Larger Than Block-Size Key - Hash Key First";

	(void)state;
	memset(key, 0x0b, 20);
	hmac_sha256(key, 20, "Hi There", 8, out);
	assert_hex(out, sizeof out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out);
	assert_hex(out, sizeof out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof key);
	hmac_sha256(key, sizeof key, long_key, strlen(long_key), out);
	assert_hex(out, sizeof out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	hmac_sha256(NULL, 0, NULL, 0, out);
	assert_hex(out, sizeof out, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void comparing(void **state)
{
	(void)state;
	assert_true(equal_in_constant_time("abc", "abc", 3));
	assert_false(equal_in_constant_time("abc", "abd", 3));
	assert_true(equal_in_constant_time("abc", "abd", 2));
	assert_true(equal_in_constant_time("a", "b", 0));
	assert_true(text_equal_in_constant_time("", ""));
	assert_true(text_equal_in_constant_time("secret", "secret"));
	assert_false(text_equal_in_constant_time("secret", "Secret"));
	assert_false(text_equal_in_constant_time("secret", "secre"));
	assert_false(text_equal_in_constant_time("secret", "secret "));
	assert_false(text_equal_in_constant_time(NULL, "secret"));
	assert_false(text_equal_in_constant_time("secret", NULL));
	assert_false(text_equal_in_constant_time(NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sha2_known_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(hmac_known_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(comparing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
