/* The vectors are those of RFC 6238 appendix B (SHA-1, of which the last six digits count) and of RFC 4648 10. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/crypto/totp.h"

#define KEY "12345678901234567890"
#define SEED "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

static struct arena *arena;
static int64_t step;

static int setup(void **state)
{
	(void)state;
	return (arena = arena_create(1024 * 1024)) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static const struct {
	int64_t at;
	const char *code;
} vectors[] = {
	{ 59, "287082" },
	{ 1111111109, "081804" },
	{ 1111111111, "050471" },
	{ 1234567890, "005924" },
	{ 2000000000, "279037" },
	{ 20000000000, "353130" },
};

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		assert_string_equal(totp_code(arena, KEY, 20, vectors[i].at / 30), vectors[i].code);
		assert_true(totp_matches(arena, SEED, vectors[i].code, vectors[i].at, 0, &step));
		assert_int_equal(step, vectors[i].at / 30);
	}
}

static void test_window(void **state)
{
	(void)state;
	/* The code of step 41152263, which lasts from 1234567890 to 1234567919. */
	const int64_t own = 1234567890 / 30;
	assert_false(totp_matches(arena, SEED, "005924", 1234567890 - 31, 0, &step));
	assert_true(totp_matches(arena, SEED, "005924", 1234567890 - 30, 0, &step));
	assert_int_equal(step, own);
	assert_true(totp_matches(arena, SEED, "005924", 1234567919 + 30, 0, &step));
	assert_int_equal(step, own);
	assert_false(totp_matches(arena, SEED, "005924", 1234567919 + 31, 0, &step));
	/* What counted once does not count again, nor does what is older. */
	assert_true(totp_matches(arena, SEED, "005924", 1234567890, own - 1, &step));
	assert_false(totp_matches(arena, SEED, "005924", 1234567890, own, &step));
	assert_false(totp_matches(arena, SEED, "005924", 1234567890, own + 1, &step));
}

static void test_wrong(void **state)
{
	static const char *const codes[] = { "", "5924", "00592", "005923", "0059240", " 005924", "005924 ", "+05924", "005924\n" };

	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		assert_false(totp_matches(arena, SEED, codes[i], 1234567890, 0, &step));
	assert_false(totp_matches(arena, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJR", "005924", 1234567890, 0, &step));
	assert_false(totp_matches(arena, "not base32", "005924", 1234567890, 0, &step));
}

static void test_base32(void **state)
{
	static const char *const pairs[][2] = { { "", "" }, { "f", "MY" }, { "fo", "MZXQ" }, { "foo", "MZXW6" }, { "foob", "MZXW6YQ" },
		{ "fooba", "MZXW6YTB" }, { "foobar", "MZXW6YTBOI" }, { KEY, SEED } };
	static const char *const bad[] = { "M", "MZX", "MZXW6Y", "MZ", "my", "MY======", "M1", "M0", "M8", "M Y", "MY\n" };
	size_t length;

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		assert_string_equal(base32_encode(arena, pairs[i][0], strlen(pairs[i][0])), pairs[i][1]);
		assert_string_equal((char *)base32_decode(arena, pairs[i][1], &length), pairs[i][0]);
		assert_int_equal(length, strlen(pairs[i][0]));
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_null(base32_decode(arena, bad[i], &length));
	assert_string_equal(base32_encode(arena, "\xff\xff\xff\xff\xff\x00\x80", 7), "77777777ACAA");
}

static void test_seeds(void **state)
{
	size_t length;

	(void)state;
	const char *seed = totp_seed_make(arena);
	assert_int_equal(strlen(seed), 32);
	assert_non_null(base32_decode(arena, seed, &length));
	assert_int_equal(length, TOTP_SEED_BYTES);
	assert_string_not_equal(seed, totp_seed_make(arena));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_base32),
		cmocka_unit_test(test_seeds),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
