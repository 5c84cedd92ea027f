/* Authorization requests under way. */
#include "tests/unit/store_fixture.h"

#include "lib/records/flow_store.h"

static struct flow sample_flow(const char *flow_id, int64_t expires_at)
{
	return (struct flow){ .flow_id = flow_id, .secret_hash = hash(1), .client_id = "app", .redirect_uri = "r:",
		.response_mode = "query", .state = "st\x01\xff", .scope = "openid", .nonce = "n", .code_challenge = "cc",
		.id_token_hint = "ih", .claims = "{}", .claims_id_token = "ci", .claims_userinfo = "cu", .resource = "re", .confirmation = "co",
		.prompt = "login", .max_age = 0, .login_hint = "lh", .required_user_id = "u1", .selected_user_id = "u2",
		.address = "192.0.2.1", .created_at = NOW, .expires_at = expires_at };
}

static void keeps_every_column(void **state)
{
	struct flow flow = sample_flow("f1", NOW + 60);
	const struct flow *found;

	(void)state;
	begin_with_account();
	flow_insert(fixture.db, &flow);
	commit();
	found = flow_find(fixture.db, "f1", NOW);
	assert_non_null(found);
	assert_string_equal(found->flow_id, "f1");
	assert_memory_equal(found->secret_hash, hash(1), 32);
	assert_string_equal(found->client_id, "app");
	assert_string_equal(found->redirect_uri, "r:");
	assert_string_equal(found->response_mode, "query");
	assert_string_equal(found->state, "st\x01\xff");
	assert_string_equal(found->scope, "openid");
	assert_string_equal(found->nonce, "n");
	assert_string_equal(found->code_challenge, "cc");
	assert_string_equal(found->id_token_hint, "ih");
	assert_string_equal(found->claims, "{}");
	assert_string_equal(found->claims_id_token, "ci");
	assert_string_equal(found->claims_userinfo, "cu");
	assert_string_equal(found->resource, "re");
	assert_string_equal(found->confirmation, "co");
	assert_string_equal(found->prompt, "login");
	assert_int_equal(found->max_age, 0);
	assert_string_equal(found->login_hint, "lh");
	assert_string_equal(found->required_user_id, "u1");
	assert_string_equal(found->selected_user_id, "u2");
	assert_string_equal(found->address, "192.0.2.1");
	assert_int_equal(found->created_at, NOW);
	assert_int_equal(found->expires_at, NOW + 60);
	assert_null(flow_find(fixture.db, "f1", NOW + 60));
	assert_null(flow_find(fixture.db, "f2", NOW));
}

static void keeps_what_is_absent(void **state)
{
	struct flow flow = { .flow_id = "f1", .secret_hash = hash(1), .max_age = -1, .expires_at = NOW + 60 };
	const struct flow *found;

	(void)state;
	begin();
	flow_insert(fixture.db, &flow);
	commit();
	found = flow_find(fixture.db, "f1", NOW);
	assert_null(found->client_id);
	assert_null(found->state);
	assert_null(found->nonce);
	assert_null(found->required_user_id);
	assert_null(found->selected_user_id);
	assert_int_equal(found->max_age, -1);
	flow.flow_id = "f2";
	flow.client_id = "nobody";
	begin();
	assert_fails("FOREIGN KEY", flow_insert(fixture.db, &flow); commit());
}

static void is_changed_on_its_way(void **state)
{
	struct flow flow = sample_flow("f1", NOW + 60);
	const struct flow *found;

	(void)state;
	begin_with_account();
	flow_insert(fixture.db, &flow);
	flow_set_selected(fixture.db, "f1", "u7");
	flow_set_read(fixture.db, "f1", "a b", NULL, "u9");
	commit();
	found = flow_find(fixture.db, "f1", NOW);
	assert_null(found->id_token_hint);
	assert_string_equal(found->selected_user_id, "u7");
	assert_string_equal(found->claims_id_token, "a b");
	assert_null(found->claims_userinfo);
	assert_string_equal(found->required_user_id, "u9");
}

static int finish(struct database *db, int index)
{
	bool won;

	(void)index;
	database_begin(db, DATABASE_DURABLE);
	won = flow_remove(db, "f1");
	database_commit(db);
	return won ? 1 : 0;
}

static void is_finished_by_one(void **state)
{
	struct flow flow = sample_flow("f1", NOW + 60);

	(void)state;
	begin_with_account();
	flow_insert(fixture.db, &flow);
	commit();
	assert_int_equal(run_processes(8, finish), 1);
	assert_null(flow_find(fixture.db, "f1", NOW));
}

static void removes_a_bounded_number(void **state)
{
	struct flow flow = sample_flow("live", NOW + 60);

	(void)state;
	begin_with_account();
	flow_insert(fixture.db, &flow);
	for (int i = 0; i < 10; i++) {
		flow = sample_flow(arena_format(fixture.arena, "f%d", i), NOW - i);
		flow_insert(fixture.db, &flow);
	}
	assert_int_equal(flow_remove_expired(fixture.db, NOW, 8), 8);
	assert_int_equal(flow_remove_expired(fixture.db, NOW, 8), 2);
	commit();
	assert_non_null(flow_find(fixture.db, "live", NOW));
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
		store_test(keeps_what_is_absent),
		store_test(is_changed_on_its_way),
		store_test(is_finished_by_one),
		store_test(removes_a_bounded_number),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
