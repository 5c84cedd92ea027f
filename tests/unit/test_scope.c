#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "lib/protocol/scope.h"

static void test_granted(void **state)
{
	static const struct {
		const char *requested, *allowed, *grants, *granted;
	} table[] = {
		{ "openid", "openid profile", "authorization_code", "openid" },
		{ "profile openid", "openid profile", "authorization_code", "profile openid" },
		{ "openid openid profile openid", "openid profile", "authorization_code", "openid profile" },
		{ "openid email", "openid profile", "authorization_code", "openid" },
		{ "openid nonsense profile", "openid profile nonsense", "authorization_code", "openid profile" },
		{ "OpenID openidx open", "openid", "authorization_code", "" },
		{ "openid", "", "authorization_code", "" },
		{ "openid offline_access", SCOPES_SUPPORTED, "authorization_code", "openid" },
		{ "openid offline_access", SCOPES_SUPPORTED, "authorization_code refresh_token", "openid offline_access" },
		{ "openid offline_access", "openid", "authorization_code refresh_token", "openid" },
		{ SCOPES_SUPPORTED, SCOPES_SUPPORTED, "refresh_token", SCOPES_SUPPORTED },
	};
	struct arena *arena = arena_create(65536);
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct client client = { .scope = table[i].allowed, .grant_types = table[i].grants };
		assert_string_equal(scope_granted(arena, &client, table[i].requested), table[i].granted);
	}
	arena_destroy(arena);
}

static void test_claims(void **state)
{
	static const char *const scopes[] = { "profile", "email", "address", "phone", "groups" };
	struct arena *arena = arena_create(65536);
	(void)state;
	assert_string_equal(scope_claims("email"), "email email_verified");
	assert_string_equal(scope_claims("phone"), "phone_number phone_number_verified");
	assert_string_equal(scope_claims("address"), "address");
	assert_string_equal(scope_claims("groups"), "groups");
	/* OpenID Connect Core 5.4 */
	assert_string_equal(scope_claims("profile"), "name family_name given_name middle_name nickname preferred_username profile "
		"picture website gender birthdate zoneinfo locale updated_at");
	assert_string_equal(scope_claims("openid"), "");
	assert_string_equal(scope_claims("offline_access"), "");
	assert_string_equal(scope_claims("mail"), "");
	assert_string_equal(scope_claims(""), "");
	/* Discovery lists what scopes open. */
	for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
		assert_true(words_contain(SCOPES_SUPPORTED, scopes[i]));
		assert_string_equal(words_subtract(arena, scope_claims(scopes[i]), CLAIMS_SUPPORTED), "");
	}
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_granted),
		cmocka_unit_test(test_claims),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
