#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/protocol/claims_request.h"

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

static void test_reading(void **state)
{
	static const struct {
		const char *json, *id_token, *userinfo, *sub;
	} table[] = {
		{ "{}", "", "", NULL },
		{ "{\"id_token\":{},\"userinfo\":{}}", "", "", NULL },
		/* OpenID Connect Core 5.5 */
		{ "{\"userinfo\":{\"given_name\":{\"essential\":true},\"nickname\":null,\"email\":{\"essential\":true},"
			"\"email_verified\":{\"essential\":true},\"picture\":null,\"http://example.info/claims/groups\":null},"
			"\"id_token\":{\"auth_time\":{\"essential\":true},\"acr\":{\"values\":[\"urn:mace:incommon:iap:silver\"]}}}",
			"auth_time acr", "given_name nickname email email_verified picture", NULL },
		{ "{\"id_token\":{\"groups\":null,\"unheard\":null}}", "groups", "", NULL },
		{ "{\"id_token\":{\"name\":{\"value\":\"x\"},\"email\":\"whatever\",\"locale\":[1,2]}}", "name email locale", "", NULL },
		{ "{\"id_token\":{\"sub\":{\"value\":\"u1\"}}}", "sub", "", "u1" },
		{ "{\"id_token\":{\"sub\":{\"value\":7}}}", "sub", "", NULL },
		{ "{\"id_token\":{\"sub\":null}}", "sub", "", NULL },
		{ "{\"id_token\":{\"sub\":\"u1\"}}", "sub", "", NULL },
		{ "{\"userinfo\":{\"sub\":{\"value\":\"u1\"}}}", "", "sub", NULL },
		{ "{\"verified_claims\":{},\"id_tokens\":[]}", "", "", NULL },
		{ " { \"userinfo\" : { \"phone_number\" : null } } ", "", "phone_number", NULL },
		{ "{\"userinfo\":{\"Name\":null,\"name email\":null,\"\":null}}", "", "", NULL },
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct claims_request request = { 0 };
		if (!claims_request_read(arena, table[i].json, &request))
			fail_msg("%s", table[i].json);
		assert_string_equal(request.id_token, table[i].id_token);
		assert_string_equal(request.userinfo, table[i].userinfo);
		if (table[i].sub)
			assert_string_equal(request.sub, table[i].sub);
		else
			assert_null(request.sub);
	}
}

static void test_refusing(void **state)
{
	static const char *const table[] = {
		"", " ", "null", "7", "\"a\"", "[]", "[{}]", "{", "{}}", "{} x", "{\"id_token\"}", "{\"id_token\":[]}", "{\"userinfo\":\"name\"}",
		"{\"id_token\":7}", "{'userinfo':{}}", "{\"userinfo\":{},\"userinfo\":{}}", "{\"userinfo\":{\"name\":null,\"name\":null}}",
		"{\"userinfo\":{\"name\":{\"value\":\"\\u0000\"}}}", "{\"userinfo\":{\"name\":\"\xff\"}}", "{\"userinfo\":{\"name\":nul}}",
		"{\"userinfo\":{\"name\":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}}",
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct claims_request request = { 0 };
		if (claims_request_read(arena, table[i], &request))
			fail_msg("%s", table[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reading, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refusing, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
