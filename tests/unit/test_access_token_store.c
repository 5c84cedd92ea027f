/* Access tokens by their hash, and all that makes one void. */
#include "tests/unit/store_fixture.h"

#include "lib/records/access_token_store.h"

static void add_tokens(void)
{
	struct grant grant = sample_grant("g1", hash(1));
	struct access_token token = { .token_hash = hash(1), .grant_id = "g1", .client_id = "app", .user_id = "u1",
		.scope = "openid", .audience = "https://id.example", .confirmation = "co", .issued_at = NOW,
		.expires_at = NOW + 600 };
	struct access_token own = { .token_hash = hash(2), .client_id = "app", .scope = "api", .audience = "a b",
		.issued_at = NOW, .expires_at = NOW + 600 };

	grant.claims_userinfo = "email name";
	begin_with_account();
	grant_insert(fixture.db, &grant);
	access_token_insert(fixture.db, &token);
	access_token_insert(fixture.db, &own);
	commit();
}

static bool counts(int token)
{
	return access_token_find(fixture.db, hash(token), NOW) != NULL;
}

static void change(const char *sql)
{
	begin();
	assert_int_equal(database_change(fixture.db, sql, ""), 1);
	commit();
}

static void keeps_every_column(void **state)
{
	const struct access_token *found;

	(void)state;
	add_tokens();
	found = access_token_find(fixture.db, hash(1), NOW);
	assert_non_null(found);
	assert_memory_equal(found->token_hash, hash(1), 32);
	assert_string_equal(found->grant_id, "g1");
	assert_string_equal(found->client_id, "app");
	assert_string_equal(found->user_id, "u1");
	assert_string_equal(found->scope, "openid");
	assert_string_equal(found->audience, "https://id.example");
	assert_string_equal(found->confirmation, "co");
	assert_int_equal(found->issued_at, NOW);
	assert_int_equal(found->expires_at, NOW + 600);
	assert_string_equal(found->claims_userinfo, "email name");
	found = access_token_find(fixture.db, hash(2), NOW);
	assert_non_null(found);
	assert_null(found->grant_id);
	assert_null(found->user_id);
	assert_null(found->confirmation);
	assert_null(found->claims_userinfo);
	assert_null(access_token_find(fixture.db, hash(3), NOW));
	assert_null(access_token_find(fixture.db, hash(1), NOW + 600));
}

static void is_void_with_its_user(void **state)
{
	(void)state;
	add_tokens();
	change("UPDATE users SET disabled_at = 1 WHERE user_id = 'u1'");
	assert_false(counts(1));
	assert_true(counts(2));
	change("UPDATE users SET disabled_at = NULL WHERE user_id = 'u1'");
	assert_true(counts(1));
	change("DELETE FROM users WHERE user_id = 'u1'");
	assert_false(counts(1));
	assert_int_equal(count_rows("access_tokens"), 1);
}

static void is_void_with_its_client(void **state)
{
	(void)state;
	add_tokens();
	change("UPDATE clients SET disabled_at = 1 WHERE client_id = 'app'");
	assert_false(counts(1));
	assert_false(counts(2));
	change("DELETE FROM clients WHERE client_id = 'app'");
	assert_false(counts(1));
	assert_false(counts(2));
}

static void is_void_with_its_grant_or_alone(void **state)
{
	(void)state;
	add_tokens();
	begin();
	assert_true(grant_revoke(fixture.db, "g1", NOW));
	commit();
	assert_false(counts(1));
	assert_true(counts(2));
	change("UPDATE grants SET revoked_at = NULL WHERE grant_id = 'g1'");
	assert_true(counts(1));
	change("UPDATE access_tokens SET revoked_at = 1 WHERE grant_id = 'g1'");
	assert_false(counts(1));
}

static void needs_its_grant(void **state)
{
	struct access_token token = { .token_hash = hash(1), .grant_id = "nothing", .client_id = "app",
		.expires_at = NOW + 9 };

	(void)state;
	begin_with_account();
	assert_fails("FOREIGN KEY", access_token_insert(fixture.db, &token); commit());
}

static void removes_a_bounded_number(void **state)
{
	(void)state;
	add_tokens();
	begin();
	for (int i = 10; i < 20; i++) {
		struct access_token token = { .token_hash = hash(i), .client_id = "app", .expires_at = NOW };

		access_token_insert(fixture.db, &token);
	}
	assert_int_equal(access_token_remove_expired(fixture.db, NOW, 9), 9);
	assert_int_equal(access_token_remove_expired(fixture.db, NOW, 9), 1);
	commit();
	assert_true(counts(1));
	assert_true(counts(2));
}

static void uses_indexes(void **state)
{
	(void)state;
	assert_plans(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(keeps_every_column),
		store_test(is_void_with_its_user),
		store_test(is_void_with_its_client),
		store_test(is_void_with_its_grant_or_alone),
		store_test(needs_its_grant),
		store_test(removes_a_bounded_number),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
