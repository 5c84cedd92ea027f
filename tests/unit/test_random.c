#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/crypto/random.h"

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

static void bytes_differ(void **state)
{
	unsigned char a[300] = {0};
	unsigned char b[300] = {0};

	(void)state;
	random_bytes(a, sizeof a);
	random_bytes(b, sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
	random_bytes(NULL, 0);
}

static void nothing_is_written_behind(void **state)
{
	unsigned char bytes[8] = {0};

	(void)state;
	random_bytes(bytes, 4);
	assert_memory_equal(bytes + 4, "\0\0\0\0", 4);
}

static void tokens_have_43_characters(void **state)
{
	const char *token = random_token(arena);

	(void)state;
	assert_int_equal(strlen(token), 43);
	assert_int_equal(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
	assert_string_not_equal(token, random_token(arena));
}

static void hex_has_any_length(void **state)
{
	(void)state;
	for (size_t length = 0; length < 40; length++) {
		const char *text = random_hex(arena, length);

		assert_int_equal(strlen(text), length);
		assert_int_equal(strspn(text, "0123456789abcdef"), length);
	}
}

/* 62,000 characters: each of 62 comes about 1,000 times; 800 and 1,200 are six standard deviations away. */
static void alphanumeric_is_unbiased(void **state)
{
	enum { COUNT = 62000 };
	const char *text = random_alphanumeric(arena, COUNT);
	int seen[256] = {0};
	int kinds = 0;

	(void)state;
	assert_int_equal(strlen(text), COUNT);
	for (size_t i = 0; i < COUNT; i++)
		seen[(unsigned char)text[i]]++;
	for (int i = 0; i < 256; i++) {
		if (seen[i] == 0)
			continue;
		assert_in_range(seen[i], 800, 1200);
		assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", i));
		kinds++;
	}
	assert_int_equal(kinds, 62);
	assert_string_equal(random_alphanumeric(arena, 0), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bytes_differ, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_written_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(tokens_have_43_characters, setup, teardown),
		cmocka_unit_test_setup_teardown(hex_has_any_length, setup, teardown),
		cmocka_unit_test_setup_teardown(alphanumeric_is_unbiased, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
