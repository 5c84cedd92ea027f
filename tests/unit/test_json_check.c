/* The check alone; test_json.c has the long list of what is refused, by way of json_parse(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/base/json_check.h"

static const char *why;

/* A copy of exactly this length, so that a read past the end shows. */
static bool check(const char *text, struct json_extent *extent)
{
	size_t length = strlen(text);
	char *copy = malloc(length + !length);
	memcpy(copy, text, length);
	why = NULL;
	bool good = json_check(copy, length, extent, &why);
	free(copy);
	assert_int_equal(good, why == NULL);
	return good;
}

static void test_extent(void **state)
{
	(void)state;
	struct json_extent extent;
	assert_true(check(" {\"a\" : [1, \"\\u00e4\", {}], \"bc\":null} ", &extent));
	assert_int_equal(extent.values, 6);
	assert_int_equal(extent.strings, 3);
	assert_int_equal(extent.string_bytes, 2 + 7 + 3); /* the quotes that end them count */
	assert_true(check("7", &extent));
	assert_int_equal(extent.values, 1);
	assert_int_equal(extent.strings, 0);
	assert_true(check("[]", NULL));
}

static void test_says_why(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "", "a value is missing" }, { "{} {}", "there is something after the value" }, { "\"\xff\"", "it is not valid UTF-8" },
		{ "\"\\u0000\"", "there is a \\u0000 in a string" }, { "\"\\ud800\"", "there is half of a surrogate pair in a string" },
		{ "01", "there is a malformed number" }, { "[1 2]", "a comma or a closing bracket is missing" }, { "{1:2}", "there is a name that is no string" },
		{ "{\"a\"}", "a colon is missing" }, { "tru", "there is a value that is no JSON" }, { "\"a", "a string does not end" },
		{ "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "it is nested too deep" }, { "\"\n\"", "there is a control character in a string" },
		{ "1111111111111111111111111111111111111111111111111111111111111", "there is a number that is too long" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_false(check(cases[i][0], NULL));
		assert_string_equal(why, cases[i][1]);
	}
	assert_true(check("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", NULL));
	/* Repeated members are for json_parse() and json_flat_read() to see. */
	assert_true(check("{\"a\":1,\"a\":2}", NULL));
	assert_false(json_check("1\0", 2, NULL, &why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extent),
		cmocka_unit_test(test_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
