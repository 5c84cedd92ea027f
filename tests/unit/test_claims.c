/* What a client is told of a user, member by member. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/json.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/protocol/claims.h"
#include "lib/protocol/scope.h"

static const struct claim ada_claims[] = {
	{ "address", "{\"locality\":\"London\"}" },
	{ "department", "7" },
	{ "email", "\"ada@example.org\"" },
	{ "email_verified", "true" },
	{ "family_name", "\"Lovelace\"" },
	{ "groups", "[\"staff\",\"app-admin\",\"app-user\",\"quo\\\"ted\"]" },
	{ "level", "-3" },
	{ "member", "true" },
	{ "name", "\"Ada Lovelace\"" },
	{ "number", "\"0042\"" },
	{ "odd", "\"a\\\"b\"" },
	{ "phone_number", "\"+44 1\"" },
	{ "updated_at", "1700000000" },
	{ "yes", "\"true\"" },
};

static struct arena *arena;
static const struct user ada = { .user_id = "u1", .username = "ada" };

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

static struct claim_rules no_rules(void)
{
	return (struct claim_rules){ "", "" };
}

static const char *written(const struct claim_rules *rules, const struct claim *items, size_t count, const char *scope, const char *wanted)
{
	struct claims claims = { items, (int)count };
	struct buffer out = buffer_create(arena, 64);
	json_object_open(&out, NULL);
	claims_write(&out, rules, &ada, &claims, scope, wanted);
	json_object_close(&out);
	/* Whatever it is: JSON, and no member twice. */
	const char *why = NULL;
	if (!json_parse(arena, out.data, out.length, &why))
		fail_msg("%s: %s", why, out.data);
	return out.data;
}

#define AND_COUNT(array) array, sizeof array / sizeof *array

static void test_scopes(void **state)
{
	static const struct {
		const char *scope, *wanted, *expected;
	} table[] = {
		{ "openid", NULL, "{}" },
		{ "openid", "", "{}" },
		{ NULL, NULL, "{}" },
		{ "openid profile", NULL,
			"{\"name\":\"Ada Lovelace\",\"family_name\":\"Lovelace\",\"preferred_username\":\"ada\",\"updated_at\":1700000000}" },
		{ "openid email", NULL, "{\"email\":\"ada@example.org\",\"email_verified\":true}" },
		{ "openid address", NULL, "{\"address\":{\"locality\":\"London\"}}" },
		{ "openid phone", NULL, "{\"phone_number\":\"+44 1\"}" },
		{ "openid groups", NULL, "{\"groups\":[\"staff\",\"app-admin\",\"app-user\",\"quo\\\"ted\"]}" },
		{ "openid offline_access", NULL, "{}" },
		{ "phone email", NULL, "{\"phone_number\":\"+44 1\",\"email\":\"ada@example.org\",\"email_verified\":true}" },
		/* Claims asked for one by one. */
		{ NULL, "family_name", "{\"family_name\":\"Lovelace\"}" },
		{ NULL, "nickname", "{}" },
		{ "openid phone", "family_name phone_number", "{\"phone_number\":\"+44 1\",\"family_name\":\"Lovelace\"}" },
		{ NULL, "email_verified", "{\"email_verified\":true}" },
		{ NULL, "email", "{\"email\":\"ada@example.org\",\"email_verified\":true}" },
		{ NULL, "preferred_username name", "{\"preferred_username\":\"ada\",\"name\":\"Ada Lovelace\"}" },
		{ NULL, "groups", "{\"groups\":[\"staff\",\"app-admin\",\"app-user\",\"quo\\\"ted\"]}" },
		/* What the token says itself is no claim to ask for; the operator's own go out by a mapping alone. */
		{ "openid", "sub iss aud exp iat auth_time nonce acr amr at_hash sid", "{}" },
		{ "openid", "department member", "{}" },
	};
	struct claim_rules rules = no_rules();
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_string_equal(written(&rules, AND_COUNT(ada_claims), table[i].scope, table[i].wanted), table[i].expected);
}

/* Applications lock users out where one of these is missing. */
static void test_always_there(void **state)
{
	static const struct claim email[] = { { "email", "\"a@example.org\"" } };
	static const struct claim denied[] = { { "email", "\"a@example.org\"" }, { "email_verified", "false" } };
	static const struct claim no_name[] = { { "name", "\"\"" } };
	static const struct claim own_name[] = { { "preferred_username", "\"root\"" } };
	struct claim_rules rules = no_rules();
	(void)state;
	assert_string_equal(written(&rules, NULL, 0, "openid profile", NULL), "{\"name\":\"ada\",\"preferred_username\":\"ada\"}");
	assert_string_equal(written(&rules, AND_COUNT(no_name), "openid profile", NULL), "{\"name\":\"ada\",\"preferred_username\":\"ada\"}");
	assert_string_equal(written(&rules, AND_COUNT(own_name), "openid profile", NULL), "{\"name\":\"ada\",\"preferred_username\":\"ada\"}");
	assert_string_equal(written(&rules, AND_COUNT(email), "openid email", NULL), "{\"email\":\"a@example.org\",\"email_verified\":false}");
	assert_string_equal(written(&rules, AND_COUNT(email), NULL, "email"), "{\"email\":\"a@example.org\",\"email_verified\":false}");
	assert_string_equal(written(&rules, AND_COUNT(denied), "openid email", NULL), "{\"email\":\"a@example.org\",\"email_verified\":false}");
	assert_string_equal(written(&rules, NULL, 0, "openid email", NULL), "{}");
	assert_string_equal(written(&rules, NULL, 0, "openid groups", NULL), "{\"groups\":[]}");
	assert_string_equal(written(&rules, NULL, 0, SCOPES_SUPPORTED, NULL), "{\"name\":\"ada\",\"preferred_username\":\"ada\",\"groups\":[]}");
}

static void test_groups_filter(void **state)
{
	static const struct {
		const char *filter, *expected;
	} table[] = {
		{ "", "{\"groups\":[\"staff\",\"app-admin\",\"app-user\",\"quo\\\"ted\"]}" },
		{ "app-", "{\"groups\":[\"app-admin\",\"app-user\"]}" },
		{ "app-admin", "{\"groups\":[\"app-admin\"]}" },
		{ "app-a staff", "{\"groups\":[\"staff\",\"app-admin\"]}" },
		{ "pp-", "{\"groups\":[]}" },
		{ "App-", "{\"groups\":[]}" },
		{ "nobody staffx", "{\"groups\":[]}" },
	};
	struct claim_rules rules = no_rules();
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		rules.groups_filter = table[i].filter;
		assert_string_equal(written(&rules, AND_COUNT(ada_claims), "openid groups", NULL), table[i].expected);
	}
}

static void test_mapping(void **state)
{
	static const struct {
		const char *mapping, *expected; /* of the scope openid alone */
	} table[] = {
		{ "quota\tconstant\t10\n", "{\"quota\":10}" },
		{ "role\tconstant\t\"admin\"\nlist\tconstant\t[1,{\"a\":null}]\n", "{\"role\":\"admin\",\"list\":[1,{\"a\":null}]}" },
		{ "policy\tstring\tgroups\n", "{\"policy\":\"staff\"}" },
		{ "policy\traw\tgroups\n", "{\"policy\":[\"staff\",\"app-admin\",\"app-user\",\"quo\\\"ted\"]}" },
		{ "username\tstring\tpreferred_username\n", "{\"username\":\"ada\"}" },
		{ "user\tstring\tsub\n", "{\"user\":\"u1\"}" },
		{ "id\tinteger\tdepartment\n", "{\"id\":7}" },
		{ "id\tinteger\tnumber\n", "{\"id\":42}" },
		{ "id\tinteger\tlevel\n", "{\"id\":-3}" },
		{ "id\tinteger\tname\n", "{}" },
		{ "id\tinteger\tmember\n", "{}" },
		{ "id\tinteger\todd\n", "{}" },
		{ "id\tinteger\taddress\n", "{}" },
		{ "d\tstring\tdepartment\n", "{\"d\":\"7\"}" },
		{ "d\tstring\tmember\n", "{\"d\":\"true\"}" },
		{ "d\tstring\todd\n", "{\"d\":\"a\\\"b\"}" },
		{ "d\tstring\taddress\n", "{}" },
		{ "d\tarray\tname\n", "{\"d\":[\"Ada Lovelace\"]}" },
		{ "d\tarray\tgroups\n", "{\"d\":[\"staff\",\"app-admin\",\"app-user\",\"quo\\\"ted\"]}" },
		{ "d\tarray\tdepartment\n", "{\"d\":[7]}" },
		{ "d\tboolean\tmember\n", "{\"d\":true}" },
		{ "d\tboolean\tyes\n", "{\"d\":true}" },
		{ "d\tboolean\tdepartment\n", "{}" },
		{ "d\tboolean\tname\n", "{}" },
		{ "d\traw\taddress\n", "{\"d\":{\"locality\":\"London\"}}" },
		{ "d\traw\tnothing\n", "{}" },
		{ "d\tstring\tnothing\n", "{}" },
		{ "d\tunheard\tname\n", "{}" },
		{ "https://app.example/role\tconstant\ttrue\n", "{\"https://app.example/role\":true}" },
		/* What means the token or the sign-in itself stays, whatever a row says. */
		{ "sub\tconstant\t\"root\"\n", "{}" },
		{ "iss\tconstant\t\"x\"\naud\tconstant\t\"x\"\nexp\tconstant\t9\nnonce\tconstant\t\"x\"\nacr\tconstant\t\"x\"\nok\tconstant\t1\n", "{\"ok\":1}" },
		{ "at_hash\traw\tname\nauth_time\traw\tdepartment\nsid\traw\tname\namr\traw\tgroups\nazp\traw\tname\n", "{}" },
		/* Rows that are none. */
		{ "half\n", "{}" },
		{ "half\tconstant\n", "{}" },
		{ "\n", "{}" },
	};
	struct claim_rules rules = no_rules();
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		rules.mapping = table[i].mapping;
		const char *found = written(&rules, AND_COUNT(ada_claims), "openid", NULL);
		if (!text_equal(found, table[i].expected))
			fail_msg("%s: %s", table[i].mapping, found);
	}
}

/* A mapping takes the place of the claim of that name, and the filter holds for its sources too. */
static void test_mapping_replaces(void **state)
{
	struct claim_rules rules = no_rules();
	(void)state;
	rules.mapping = "email\traw\tname\nname\tconstant\t\"X\"\npreferred_username\traw\temail\n";
	assert_string_equal(written(&rules, AND_COUNT(ada_claims), "openid email profile", "name"),
		"{\"email_verified\":true,\"family_name\":\"Lovelace\",\"updated_at\":1700000000,"
		"\"email\":\"Ada Lovelace\",\"name\":\"X\",\"preferred_username\":\"ada@example.org\"}");
	rules.mapping = "policy\tstring\tgroups\nall\traw\tgroups\n";
	rules.groups_filter = "app-";
	assert_string_equal(written(&rules, AND_COUNT(ada_claims), NULL, NULL), "{\"policy\":\"app-admin\",\"all\":[\"app-admin\",\"app-user\"]}");
	rules.groups_filter = "none";
	assert_string_equal(written(&rules, AND_COUNT(ada_claims), NULL, NULL), "{\"all\":[]}");
}

/* Members follow what is in the object already. */
static void test_joins_an_object(void **state)
{
	struct claim_rules rules = no_rules();
	struct claims claims = { ada_claims, sizeof ada_claims / sizeof *ada_claims };
	struct buffer out = buffer_create(arena, 64);
	(void)state;
	json_object_open(&out, NULL);
	json_text(&out, "sub", "u1");
	claims_write(&out, &rules, &ada, &claims, "email", NULL);
	json_object_close(&out);
	assert_string_equal(out.data, "{\"sub\":\"u1\",\"email\":\"ada@example.org\",\"email_verified\":true}");
}

#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_scopes),
		test(test_always_there),
		test(test_groups_filter),
		test(test_mapping),
		test(test_mapping_replaces),
		test(test_joins_an_object),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
