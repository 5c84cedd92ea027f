#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/identity/username.h"

static void test_valid(void **state)
{
	static const char *const good[] = { "a", "7", "ada", "Ada.Lovelace-1815_x", "0-", "a..b" };
	static const char *const bad[] = { "", ".a", "_a", "-a", "a b", " a", "a ", "a@b", "a/b", "a\\b", "a\"", "a'", "a<", "a\n", "\xc3\xa4",
		"a\xc3\xa4", "a\x7f", "../a", "a%00", "a+b", "a:b" };
	char name[66];
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!username_is_valid(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (username_is_valid(bad[i]))
			fail_msg("%s", bad[i]);
	memset(name, 'a', sizeof name);
	name[65] = '\0';
	assert_false(username_is_valid(name));
	name[64] = '\0';
	assert_true(username_is_valid(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
