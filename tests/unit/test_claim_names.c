#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/protocol/claim_names.h"

static void test_valid(void **state)
{
	static const char *const good[] = { "a", "email", "https://app.example/role", "x-1_2.3:4", "{}", "'" };
	static const char *const bad[] = { "", " ", "a b", "a\"b", "a\\b", "a\tb", "a\nb", "a\x7f", "\xc3\xa4", "\x01" };
	char name[CLAIM_NAME_LONGEST + 2];
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!claim_name_is_valid(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (claim_name_is_valid(bad[i]))
			fail_msg("%s", bad[i]);
	memset(name, 'a', sizeof name);
	name[CLAIM_NAME_LONGEST + 1] = '\0';
	assert_false(claim_name_is_valid(name));
	name[CLAIM_NAME_LONGEST] = '\0';
	assert_true(claim_name_is_valid(name));
}

static void test_reserved(void **state)
{
	static const char *const yes[] = { "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "nonce", "acr", "amr", "auth_time", "at_hash",
		"c_hash", "sid", "events", "cnf", "act", "client_id", "scope", "active", "_claim_names", "_claim_sources" };
	static const char *const no[] = { "email", "name", "groups", "preferred_username", "SUB", "subject", "su", "", "policy" };
	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		if (!claim_name_is_reserved(yes[i]))
			fail_msg("%s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (claim_name_is_reserved(no[i]))
			fail_msg("%s", no[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_reserved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
