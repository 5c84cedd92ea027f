#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/text.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_create(1024 * 1024);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static void test_comparing(void **state)
{
	(void)state;
	assert_true(text_equal("a", "a"));
	assert_false(text_equal("a", "A"));
	assert_false(text_equal("a", "ab"));
	assert_true(text_equal(NULL, NULL));
	assert_false(text_equal(NULL, ""));
	assert_false(text_equal("", NULL));
	assert_true(text_equal_ignoring_case("BeArEr", "bearer"));
	assert_false(text_equal_ignoring_case("bearer", "beare"));
	assert_false(text_equal_ignoring_case("[", "{"));
	assert_true(text_equal_ignoring_case(NULL, NULL));
	assert_false(text_equal_ignoring_case("", NULL));
	assert_true(text_empty(NULL));
	assert_true(text_empty(""));
	assert_false(text_empty(" "));
}

static void test_ends(void **state)
{
	(void)state;
	assert_true(text_starts_with("https://a", "https://"));
	assert_false(text_starts_with("http", "https"));
	assert_true(text_starts_with("x", ""));
	assert_false(text_starts_with(NULL, "x"));
	assert_true(text_ends_with("a.key", ".key"));
	assert_false(text_ends_with("key", ".key"));
	assert_true(text_ends_with("", ""));
	assert_false(text_ends_with(NULL, ""));
	assert_string_equal(text_lowercase(arena, "AbZ@[\xc3\x84"), "abz@[\xc3\x84");
	assert_null(text_lowercase(arena, NULL));
}

static void test_numbers(void **state)
{
	(void)state;
	static const char *const bad[] = { "", " 1", "1 ", "-1", "+1", "0x1", "1.0", "1234567890123456789", NULL };
	int64_t number = 7;
	for (int i = 0; bad[i]; i++)
		assert_false(text_to_number(bad[i], &number));
	assert_false(text_to_number(NULL, &number));
	assert_int_equal(number, 7);
	assert_true(text_to_number("007", &number));
	assert_int_equal(number, 7);
	assert_true(text_to_number("999999999999999999", &number));
	assert_int_equal(number, 999999999999999999);
}

static void test_walking(void **state)
{
	(void)state;
	const char *cursor = " openid  profile ";
	assert_string_equal(words_next(arena, &cursor), "openid");
	assert_string_equal(words_next(arena, &cursor), "profile");
	assert_null(words_next(arena, &cursor));
	assert_null(words_next(arena, &cursor));
	cursor = NULL;
	assert_null(words_next(arena, &cursor));
	assert_int_equal(words_count(NULL), 0);
	assert_int_equal(words_count(""), 0);
	assert_int_equal(words_count("a b a"), 3);
}

static void test_containing(void **state)
{
	(void)state;
	assert_true(words_contain("a bc d", "bc"));
	assert_false(words_contain("a bc d", "b"));
	assert_false(words_contain("abc", "bc"));
	assert_false(words_contain("a b", "a b"));
	assert_false(words_contain("a b", ""));
	assert_false(words_contain("a b", NULL));
	assert_false(words_contain(NULL, "a"));
}

static void test_sets(void **state)
{
	(void)state;
	assert_string_equal(words_intersect(arena, "c b a b", "a b"), "b a");
	assert_string_equal(words_intersect(arena, "a", NULL), "");
	assert_string_equal(words_intersect(arena, NULL, "a"), "");
	assert_string_equal(words_subtract(arena, "c b a c", "a"), "c b");
	assert_string_equal(words_subtract(arena, "a b", NULL), "a b");
	assert_string_equal(words_subtract(arena, NULL, NULL), "");
	assert_string_equal(words_union(arena, "b a", "c a d"), "b a c d");
	assert_string_equal(words_union(arena, NULL, "a a"), "a");
	assert_string_equal(words_union(arena, NULL, NULL), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comparing),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_walking),
		cmocka_unit_test(test_containing),
		cmocka_unit_test(test_sets),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
