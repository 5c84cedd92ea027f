/* Patterns of scopes: what matches, what may be registered, what the consent page is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/protocol/scope_pattern.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_create(1 << 20);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static void test_matches(void **state)
{
	static const struct {
		const char *pattern, *scope;
		bool matches;
	} table[] = {
		{ "read", "read", true },
		{ "read", "reads", false },
		{ "reads", "read", false },
		{ "read", "read:x", false },
		{ "read:x", "read", false },
		{ "read:*", "read:x", true },
		{ "read:*", "read:", false },
		{ "read:*", "read", false },
		{ "read:*", "read:x:y", false },
		{ "read:*", "read:x:", false },
		{ "read:*", "Read:x", false },
		{ "read:*", "write:x", false },
		{ "read:*:name", "read:x:name", true },
		{ "read:*:name", "read:x:names", false },
		{ "read:*:name", "read::name", false },
		{ "read:*:name", "read:x:y:name", false },
		{ "read:*:*", "read:x:y", true },
		{ "read:*:*", "read:x", false },
		{ "https://api.example/*", "https://api.example/x", false }, /* the * is no whole part: such a pattern is not registered */
		{ "*", "x", true },
		{ "*", "x:y", false },
		/* Nobody asks for a pattern. */
		{ "read:*", "read:*", false },
		{ "read:*", "read:x*", false },
		{ "read*", "read*", false },
		{ "", "", true },
		{ "read:*", "", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (scope_matches(table[i].pattern, table[i].scope) != table[i].matches)
			fail_msg("%s, %s", table[i].pattern, table[i].scope);
}

static char *repeated(const char *text, int count)
{
	char *all = arena_alloc(arena, strlen(text) * (size_t)count + 1);
	for (int i = 0; i < count; i++)
		memcpy(all + strlen(text) * (size_t)i, text, strlen(text));
	return all;
}

static void test_long_parts(void **state)
{
	(void)state;
	assert_true(scope_matches("read:*", arena_format(arena, "read:%s", repeated("x", SCOPE_PART_LONGEST))));
	assert_false(scope_matches("read:*", arena_format(arena, "read:%s", repeated("x", SCOPE_PART_LONGEST + 1))));
	/* What makes other matchers go back and forth. */
	assert_false(scope_matches(repeated("*:", 5000), repeated("a:", 4999)));
	assert_false(scope_matches(repeated("*:", 5000), repeated("a:", 5001)));
	assert_true(scope_matches(arena_format(arena, "%s*", repeated("*:", 5000)), arena_format(arena, "%sa", repeated("a:", 5000))));
}

static void test_list(void **state)
{
	(void)state;
	assert_true(scope_matches_any("openid read:* write", "read:x"));
	assert_true(scope_matches_any("openid read:* write", "write"));
	assert_true(scope_matches_any("read:*", "read:x"));
	assert_true(scope_matches_any("a read:* read:*:*", "read:x:y"));
	assert_false(scope_matches_any("openid read:* write", "read"));
	assert_false(scope_matches_any("openid read:* write", "read:*"));
	assert_false(scope_matches_any("openid read:* write", "read:x:write"));
	assert_false(scope_matches_any("", "read"));
	assert_false(scope_matches_any("read", ""));
	assert_false(scope_matches_any(NULL, "read"));
}

static void test_fill(void **state)
{
	(void)state;
	assert_string_equal(scope_fill(arena, "Read {1}.", "read:*", "read:acme"), "Read acme.");
	assert_string_equal(scope_fill(arena, "{2} of {1}, {1}", "org:*:of:*", "org:acme:of:x"), "x of acme, acme");
	assert_string_equal(scope_fill(arena, "{1} {2} {0} {x} {", "read:*", "read:a"), "a {2} {0} {x} {");
	assert_string_equal(scope_fill(arena, "Read {1}", "read", "read"), "Read {1}");
	/* What is filled in is not looked at again. */
	assert_string_equal(scope_fill(arena, "{1}", "read:*:*", "read:{2}:x"), "{2}");
}

static void test_names(void **state)
{
	static const char *const good[] = { "read", "read:*", "read:organization:*", "a:*:b:*", "https://api.example/read", "x!#[]~" };
	static const char *const bad[] = { "", "a b", "a\"b", "a\\b", "\xc3\xa4", "openid", "offline_access", "*", "*:read", "read:x*",
		"read:*x", "read:**", "read:x:y*z", "resource=x", "a\tb" };
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (scope_name_problem(arena, good[i]))
			fail_msg("%s: %s", good[i], scope_name_problem(arena, good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (!scope_name_problem(arena, bad[i]))
			fail_msg("%s", bad[i]);
	assert_null(scope_name_problem(arena, repeated("x", SCOPE_LONGEST)));
	assert_non_null(scope_name_problem(arena, repeated("x", SCOPE_LONGEST + 1)));
}

static void test_descriptions(void **state)
{
	(void)state;
	assert_null(scope_description_problem("Read {1} \xc3\xa4", "read:*"));
	assert_null(scope_description_problem("{2} {1}", "read:*:*"));
	assert_non_null(scope_description_problem("{2}", "read:*"));
	assert_non_null(scope_description_problem("{1}", "read"));
	assert_non_null(scope_description_problem("", "read"));
	assert_non_null(scope_description_problem(NULL, "read"));
	assert_non_null(scope_description_problem("a\nb", "read"));
	assert_non_null(scope_description_problem("\xff", "read"));
	assert_non_null(scope_description_problem(repeated("x", 201), "read"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_matches, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_list, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fill, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_descriptions, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
