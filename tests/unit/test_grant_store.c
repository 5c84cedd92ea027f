/* Grants and their authorization codes. */
#include "tests/unit/store_fixture.h"

#include "lib/records/access_token_store.h"

static const int64_t now_ms = NOW * INT64_C(1000);

static void add_grant(const char *grant_id, int code, const char *sid, const char *client_id, const char *scope)
{
	struct grant grant = sample_grant(grant_id, hash(code));

	grant.sid = sid;
	grant.client_id = client_id;
	grant.scope = scope;
	grant_insert(fixture.db, &grant);
}

static void keeps_every_column(void **state)
{
	struct grant grant = { .grant_id = "g1", .code_hash = hash(1), .code_expires_at = NOW + 60,
		.code_used_at_ms = now_ms, .client_id = "app", .user_id = "u1", .sid = "s", .redirect_uri = "r:",
		.code_challenge = "cc", .nonce = "n", .scope = "openid", .claims_id_token = "ci", .claims_userinfo = "cu",
		.resource = "re", .confirmation = "co", .auth_time = NOW - 3, .amr = "pwd otp", .acr = "2",
		.created_at = NOW, .expires_at = NOW + 600, .revoked_at = NOW + 9 };
	const struct grant *found;

	(void)state;
	begin_with_account();
	grant_insert(fixture.db, &grant);
	commit();
	found = grant_find_by_code(fixture.db, hash(1));
	assert_non_null(found);
	assert_string_equal(found->grant_id, "g1");
	assert_memory_equal(found->code_hash, hash(1), 32);
	assert_int_equal(found->code_expires_at, NOW + 60);
	assert_true(found->code_used_at_ms == now_ms);
	assert_string_equal(found->client_id, "app");
	assert_string_equal(found->user_id, "u1");
	assert_string_equal(found->sid, "s");
	assert_string_equal(found->redirect_uri, "r:");
	assert_string_equal(found->code_challenge, "cc");
	assert_string_equal(found->nonce, "n");
	assert_string_equal(found->scope, "openid");
	assert_string_equal(found->claims_id_token, "ci");
	assert_string_equal(found->claims_userinfo, "cu");
	assert_string_equal(found->resource, "re");
	assert_string_equal(found->confirmation, "co");
	assert_int_equal(found->auth_time, NOW - 3);
	assert_string_equal(found->amr, "pwd otp");
	assert_string_equal(found->acr, "2");
	assert_int_equal(found->created_at, NOW);
	assert_int_equal(found->expires_at, NOW + 600);
	assert_int_equal(found->revoked_at, NOW + 9);
	assert_non_null(grant_find(fixture.db, "g1"));
	assert_null(grant_find(fixture.db, "g2"));
	assert_null(grant_find_by_code(fixture.db, hash(2)));
}

static void uses_a_code_once(void **state)
{
	(void)state;
	begin_with_account();
	add_grant("g1", 1, "s", "app", "openid");
	assert_int_equal(grant_find(fixture.db, "g1")->code_used_at_ms, 0);
	assert_false(grant_use_code(fixture.db, "g1", NOW + 60, now_ms + 60000, NOW + 600));
	assert_true(grant_use_code(fixture.db, "g1", NOW + 59, now_ms + 59001, NOW + 600));
	assert_false(grant_use_code(fixture.db, "g1", NOW + 59, now_ms + 59002, NOW + 700));
	assert_false(grant_use_code(fixture.db, "g2", NOW, now_ms, NOW + 600));
	commit();
	assert_true(grant_find(fixture.db, "g1")->code_used_at_ms == now_ms + 59001);
	assert_int_equal(grant_find(fixture.db, "g1")->expires_at, NOW + 600);
}

static void uses_no_code_that_was_taken_back(void **state)
{
	(void)state;
	begin_with_account();
	add_grant("g1", 1, "s", "app", "openid");
	user_set_disabled(fixture.db, "u1", NOW);
	assert_false(grant_use_code(fixture.db, "g1", NOW, now_ms, NOW + 600));
	user_set_disabled(fixture.db, "u1", 0);
	database_change(fixture.db, "UPDATE clients SET disabled_at = 1 WHERE client_id = 'app'", "");
	assert_false(grant_use_code(fixture.db, "g1", NOW, now_ms, NOW + 600));
	database_change(fixture.db, "UPDATE clients SET disabled_at = NULL WHERE client_id = 'app'", "");
	assert_true(grant_revoke(fixture.db, "g1", NOW));
	assert_false(grant_revoke(fixture.db, "g1", NOW));
	assert_false(grant_use_code(fixture.db, "g1", NOW, now_ms, NOW + 600));
	commit();
}

static int use_code(struct database *db, int index)
{
	bool won;

	database_begin(db, DATABASE_DURABLE);
	won = grant_use_code(db, "g1", NOW, now_ms + index + 1, NOW + 600);
	database_commit(db);
	return won ? 1 : 0;
}

static void gives_a_code_to_one_of_sixteen(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		begin();
		if (round == 0) {
			add_user("u1", "ada");
			add_client("app");
		}
		database_change(fixture.db, "DELETE FROM grants WHERE grant_id = 'g1'", "");
		add_grant("g1", 1, "s", "app", "openid");
		commit();
		assert_int_equal(run_processes(16, use_code), 1);
	}
}

static void revokes_a_session_without_offline_access(void **state)
{
	(void)state;
	begin_with_account();
	add_user("u2", "bob");
	add_grant("plain", 1, "s1", "app", "openid email");
	add_grant("offline", 2, "s1", "app", "openid offline_access");
	add_grant("first", 3, "s1", "app", "offline_access openid");
	add_grant("alone", 4, "s1", "app", "offline_access");
	add_grant("alike", 5, "s1", "app", "openid offline_access2 xoffline_access OFFLINE_ACCESS");
	add_grant("empty", 6, "s1", "app", "");
	add_grant("elsewhere", 7, "s2", "app", "openid");
	add_grant("nowhere", 8, NULL, "app", "openid");
	assert_int_equal(grant_revoke_session(fixture.db, "s1", "u2", NOW), 0);
	assert_int_equal(grant_revoke_session(fixture.db, "s1", "u1", NOW), 3);
	assert_int_equal(grant_revoke_session(fixture.db, "s1", "u1", NOW), 0);
	commit();
	assert_int_equal(grant_find(fixture.db, "plain")->revoked_at, NOW);
	assert_int_equal(grant_find(fixture.db, "alike")->revoked_at, NOW);
	assert_int_equal(grant_find(fixture.db, "empty")->revoked_at, NOW);
	assert_int_equal(grant_find(fixture.db, "offline")->revoked_at, 0);
	assert_int_equal(grant_find(fixture.db, "first")->revoked_at, 0);
	assert_int_equal(grant_find(fixture.db, "alone")->revoked_at, 0);
	assert_int_equal(grant_find(fixture.db, "elsewhere")->revoked_at, 0);
}

static void revokes_a_user_at_one_client_or_everywhere(void **state)
{
	(void)state;
	begin_with_account();
	add_client("other");
	add_grant("g1", 1, "s1", "app", "openid");
	add_grant("g2", 2, "s1", "other", "openid offline_access");
	add_grant("g3", 3, "s2", "app", "openid");
	assert_int_equal(grant_revoke_user(fixture.db, "u2", NULL, NOW), 0);
	assert_int_equal(grant_revoke_user(fixture.db, "u1", "app", NOW), 2);
	assert_int_equal(grant_revoke_user(fixture.db, "u1", NULL, NOW), 1);
	commit();
	assert_int_equal(grant_find(fixture.db, "g2")->revoked_at, NOW);
}

static void removes_expired_grants_with_their_tokens(void **state)
{
	struct access_token token = { .token_hash = hash(1), .grant_id = "g0", .client_id = "app", .user_id = "u1",
		.expires_at = NOW + 600 };

	(void)state;
	begin_with_account();
	for (int i = 0; i < 10; i++)
		add_grant(arena_format(fixture.arena, "g%d", i), i, "s", "app", "openid");
	access_token_insert(fixture.db, &token);
	assert_int_equal(grant_remove_expired(fixture.db, NOW + 59, 6), 0);
	assert_int_equal(grant_remove_expired(fixture.db, NOW + 60, 6), 6);
	assert_int_equal(grant_remove_expired(fixture.db, NOW + 60, 6), 4);
	commit();
	assert_int_equal(count_rows("access_tokens"), 0);
}

static void revokes_other_sessions(void **state)
{
	static const struct {
		const char *id, *sid, *scope;
		bool ends;
	} rows[] = {
		{ "here", "s1", "openid", false }, { "there", "s2", "openid", true }, { "elsewhere", "s3", "openid email", true },
		{ "offline", "s2", "openid offline_access", false }, { "nowhere", NULL, "openid", false },
	};

	(void)state;
	begin_with_account();
	for (int i = 0; i < 5; i++) {
		struct grant grant = sample_grant(rows[i].id, hash(50 + i));

		grant.sid = rows[i].sid;
		grant.scope = rows[i].scope;
		grant_insert(fixture.db, &grant);
	}
	assert_int_equal(grant_revoke_other_sessions(fixture.db, "s1", "u2", NOW), 0);
	assert_int_equal(grant_revoke_other_sessions(fixture.db, "s1", "u1", NOW), 2);
	commit();
	for (int i = 0; i < 5; i++)
		assert_int_equal(grant_find(fixture.db, rows[i].id)->revoked_at, rows[i].ends ? NOW : 0);
}

static void collect_allowed(void *context, const char *scope, const char *resource)
{
	char *text = context;
	size_t length = strlen(text);

	snprintf(text + length, 128 - length, "%s|%s ", scope, resource ? resource : "-");
}

static void lists_what_is_allowed(void **state)
{
	char text[128] = "";

	(void)state;
	begin_with_account();
	for (int i = 0; i < 4; i++) {
		struct grant grant = sample_grant(arena_format(fixture.arena, "g%d", i), hash(60 + i));

		grant.resource = i == 2 ? "https://api.example" : NULL;
		grant.scope = i == 3 ? "email" : "openid";
		grant_insert(fixture.db, &grant);
	}
	assert_true(grant_revoke(fixture.db, "g3", NOW));
	commit();
	grant_list_allowed(fixture.db, "u1", "app", NOW, collect_allowed, text);
	assert_true(strstr(text, "openid|- ") && strstr(text, "openid|https://api.example "));
	assert_int_equal(strlen(text), strlen("openid|- openid|https://api.example "));
	text[0] = '\0';
	grant_list_allowed(fixture.db, "u1", "app", NOW + 60, collect_allowed, text); /* codes that nobody used */
	assert_string_equal(text, "");
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
		store_test(uses_a_code_once),
		store_test(uses_no_code_that_was_taken_back),
		store_test(gives_a_code_to_one_of_sixteen),
		store_test(revokes_a_session_without_offline_access),
		store_test(revokes_a_user_at_one_client_or_everywhere),
		store_test(removes_expired_grants_with_their_tokens),
		store_test(revokes_other_sessions),
		store_test(lists_what_is_allowed),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
