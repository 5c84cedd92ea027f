#include "lib/protocol/scope.h"
#include "lib/records/resource_store.h"
#include "lib/records/scope_store.h"
#include "tests/unit/context_fixture.h"

static struct client client_of(const char *scope, const char *grants)
{
	struct client client = sample_client("app");
	client.scope = scope;
	client.grant_types = grants;
	return client;
}

/* Of OpenID Connect alone: nothing of this asks the database, and here there is none. */
static void test_granted(void **state)
{
	static const struct {
		const char *requested, *allowed, *grants, *granted;
	} table[] = {
		{ "openid", "openid profile", "authorization_code", "openid" },
		{ "profile openid", "openid profile", "authorization_code", "profile openid" },
		{ "openid openid profile openid", "openid profile", "authorization_code", "openid profile" },
		{ "openid email", "openid profile", "authorization_code", "openid" },
		{ "openid nonsense profile", "openid profile", "authorization_code", "openid profile" },
		{ "openid read:*", "openid read:*", "authorization_code", "openid" },
		{ "OpenID openidx open", "openid", "authorization_code", "" },
		{ "openid", "", "authorization_code", "" },
		{ "openid", "*", "authorization_code", "" },
		{ "openid offline_access", SCOPES_SUPPORTED, "authorization_code", "openid" },
		{ "openid offline_access", SCOPES_SUPPORTED, "authorization_code refresh_token", "openid offline_access" },
		{ "openid offline_access", "openid", "authorization_code refresh_token", "openid" },
		{ SCOPES_SUPPORTED, SCOPES_SUPPORTED, "refresh_token", SCOPES_SUPPORTED },
	};
	struct context without = *c;
	(void)state;
	without.database = NULL;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct client client = client_of(table[i].allowed, table[i].grants);
		assert_string_equal(scope_granted(&without, &client, table[i].requested), table[i].granted);
	}
}

static void add_scope(const char *name, const char *description, const char *resource)
{
	assert_true(scope_insert(c->database, &(struct registered_scope){ .scope = name, .description = description,
		.resource = resource, .created_at = NOW }));
}

static void add_registry(void)
{
	database_begin(c->database, DATABASE_RELAXED);
	assert_true(resource_insert(c->database, &(struct resource){ .resource = "api:a", .name = "A", .created_at = NOW }));
	assert_true(resource_insert(c->database, &(struct resource){ .resource = "api:b", .name = "B", .created_at = NOW }));
	add_scope("read", "Read everything.", "api:a");
	add_scope("write", "Write everything.", "api:b");
	add_scope("manage", "Manage this server.", NULL);
	add_scope("read:*", "Read {1}.", "api:b");
	add_scope("read:organization:*", "Read the organization {1}.", "api:a");
	add_scope("read:organization:secret", "Read secrets.", "api:b");
	add_scope("*", "Nobody registers this.", NULL);
	database_commit(c->database);
}

static void test_granted_registered(void **state)
{
	static const struct {
		const char *requested, *allowed, *granted;
	} table[] = {
		{ "read openid", "openid read", "read openid" },
		{ "write openid read write", "openid read write", "write openid read" },
		{ "openid read", "openid", "openid" },
		{ "openid unknown:x", "openid unknown:x", "openid" },
		{ "read:acme", "read:*", "read:acme" },
		{ "read:acme", "read:acme", "read:acme" },
		{ "read:acme", "read:other", "" },
		{ "read:organization:acme", "read:*", "" },
		{ "read:organization:acme read:x", "read:organization:* read:*", "read:organization:acme read:x" },
		{ "read:* read:organization:*", "read:* read:organization:*", "" },
		{ "read:x:y", "read:*:*", "" },
		{ "email", "*", "" },
	};
	(void)state;
	add_registry();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct client client = client_of(table[i].allowed, "authorization_code");
		assert_string_equal(scope_granted(c, &client, table[i].requested), table[i].granted);
	}
}

static void test_registered(void **state)
{
	const char *all = "openid read write manage read:x read:organization:acme read:organization:secret read:x:y:z";
	(void)state;
	add_registry();
	assert_string_equal(scope_registered(c, all, NULL, true), "read write manage read:x read:organization:acme read:organization:secret");
	assert_string_equal(scope_registered(c, all, "api:a", false), "read read:organization:acme");
	assert_string_equal(scope_registered(c, all, "api:b", false), "write read:x read:organization:secret");
	assert_string_equal(scope_registered(c, all, "api:b", true), "write manage read:x read:organization:secret");
	assert_string_equal(scope_registered(c, all, "other", false), "");
	assert_string_equal(scope_registered(c, "", NULL, true), "");
}

static void test_descriptions(void **state)
{
	(void)state;
	add_registry();
	assert_string_equal(scope_description(c, "read"), "Read everything.");
	assert_string_equal(scope_description(c, "read:x"), "Read x.");
	assert_string_equal(scope_description(c, "read:organization:acme"), "Read the organization acme.");
	assert_string_equal(scope_description(c, "read:organization:secret"), "Read secrets.");
	assert_null(scope_description(c, "read:*"));
	assert_null(scope_description(c, "read:x:y:z"));
}

static void test_claims(void **state)
{
	static const char *const scopes[] = { "profile", "email", "address", "phone", "groups" };
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
		assert_string_equal(words_subtract(fixture.arena, scope_claims(scopes[i]), CLAIMS_SUPPORTED), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_granted),
		context_test(test_granted_registered),
		context_test(test_registered),
		context_test(test_descriptions),
		context_test(test_claims),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
