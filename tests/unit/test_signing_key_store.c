/* The public side of signing keys. */
#include "tests/unit/store_fixture.h"

#include "lib/records/access_token_store.h"
#include "lib/records/signing_key_store.h"

static void add_key(const char *kid, const char *alg, const char *key_state, int64_t created_at, int64_t expires_at)
{
	struct signing_key_record key = { .kid = kid, .alg = alg, .state = key_state, .public_jwk = "{}",
		.created_at = created_at, .activated_at = strcmp(key_state, "next") == 0 ? 0 : created_at + 1,
		.retired_at = strcmp(key_state, "retired") == 0 ? created_at + 2 : 0, .expires_at = expires_at };

	signing_key_insert(fixture.db, &key);
}

static void add_keys(void)
{
	begin();
	add_key("old", "RS256", "retired", NOW - 300, NOW + 10);
	add_key("gone", "RS256", "retired", NOW - 400, NOW);
	add_key("next", "RS256", "next", NOW, 0);
	add_key("now", "RS256", "active", NOW - 100, 0);
	add_key("curve", "ES256", "active", NOW - 200, 0);
	add_key("none", "EdDSA", "next", NOW - 200, 0);
	commit();
}

static void finds_what_signs_and_what_is_published(void **state)
{
	const struct signing_key_record *found;

	(void)state;
	assert_null(signing_key_find_active(fixture.db, "RS256"));
	assert_string_equal(signing_key_algs(fixture.db), "");
	add_keys();
	found = signing_key_find_active(fixture.db, "RS256");
	assert_non_null(found);
	assert_string_equal(found->kid, "now");
	assert_string_equal(found->alg, "RS256");
	assert_string_equal(found->state, "active");
	assert_string_equal(found->public_jwk, "{}");
	assert_int_equal(found->created_at, NOW - 100);
	assert_int_equal(found->activated_at, NOW - 99);
	assert_int_equal(found->retired_at, 0);
	assert_int_equal(found->expires_at, 0);
	assert_null(signing_key_find_active(fixture.db, "EdDSA"));
	assert_int_equal(signing_key_find(fixture.db, "old", NOW)->retired_at, NOW - 298);
	assert_int_equal(signing_key_find(fixture.db, "next", NOW)->activated_at, 0);
	assert_null(signing_key_find(fixture.db, "old", NOW + 10));
	assert_null(signing_key_find(fixture.db, "gone", NOW));
	assert_null(signing_key_find(fixture.db, "nothing", NOW));
	assert_string_equal(signing_key_algs(fixture.db), "ES256 RS256");
}

static void collect(void *context, const struct signing_key_record *key)
{
	char *kids = context;

	strcat(kids, key->kid);
	strcat(kids, " ");
}

static void lists_in_order_of_use(void **state)
{
	char kids[64] = "";

	(void)state;
	add_keys();
	signing_key_list(fixture.db, NOW, collect, kids);
	assert_string_equal(kids, "now curve next none old ");
}

static void set_due(const char *kid, int64_t at)
{
	begin();
	assert_true(signing_key_set_promote_at(fixture.db, kid, at));
	commit();
}

static void a_due_key_signs(void **state)
{
	(void)state;
	assert_null(signing_key_find_signing(fixture.db, "RS256", NOW));
	assert_null(signing_key_find_next(fixture.db, "RS256"));
	add_keys();
	assert_string_equal(signing_key_find_next(fixture.db, "RS256")->kid, "next");
	assert_int_equal(signing_key_find_next(fixture.db, "RS256")->promote_at, 0);
	assert_string_equal(signing_key_find_signing(fixture.db, "RS256", NOW + 1000)->kid, "now");
	set_due("next", NOW + 10);
	assert_int_equal(signing_key_find_next(fixture.db, "RS256")->promote_at, NOW + 10);
	assert_string_equal(signing_key_find_signing(fixture.db, "RS256", NOW + 9)->kid, "now");
	assert_string_equal(signing_key_find_signing(fixture.db, "RS256", NOW + 10)->kid, "next");
	assert_string_equal(signing_key_find_signing(fixture.db, "ES256", NOW + 10)->kid, "curve");
	assert_null(signing_key_find_signing(fixture.db, "EdDSA", NOW));
	begin();
	assert_false(signing_key_set_promote_at(fixture.db, "now", NOW));
	assert_false(signing_key_set_promote_at(fixture.db, "nothing", NOW));
	commit();
}

static void promotes_what_is_due_once(void **state)
{
	const struct signing_key_record *old;

	(void)state;
	add_keys();
	set_due("next", NOW + 10);
	begin();
	assert_false(signing_key_promote(fixture.db, "RS256", "next", NOW + 9, NOW + 100));
	assert_false(signing_key_promote(fixture.db, "ES256", "next", NOW + 10, NOW + 100));
	assert_false(signing_key_promote(fixture.db, "RS256", "old", NOW + 10, NOW + 100));
	assert_true(signing_key_promote(fixture.db, "RS256", "next", NOW + 10, NOW + 100));
	assert_false(signing_key_promote(fixture.db, "RS256", "next", NOW + 11, NOW + 101));
	commit();
	assert_string_equal(signing_key_find_active(fixture.db, "RS256")->kid, "next");
	assert_int_equal(signing_key_find_active(fixture.db, "RS256")->activated_at, NOW + 10);
	old = signing_key_find(fixture.db, "now", NOW + 99);
	assert_string_equal(old->state, "retired");
	assert_int_equal(old->retired_at, NOW + 10);
	assert_int_equal(old->expires_at, NOW + 100);
	assert_null(signing_key_find(fixture.db, "now", NOW + 100));
	assert_int_equal(signing_key_find(fixture.db, "old", NOW)->expires_at, NOW + 10);
	assert_string_equal(signing_key_find_active(fixture.db, "ES256")->kid, "curve");
}

static int promote_one(struct database *db, int index)
{
	bool won;

	database_begin(db, DATABASE_DURABLE);
	won = signing_key_promote(db, "RS256", "next", NOW + 10 + index % 3, NOW + 100);
	database_commit(db);
	return won && strcmp(signing_key_find_active(db, "RS256")->kid, "next") == 0 ? 1 : 0;
}

static void count_active(void *context, const struct signing_key_record *key)
{
	if (strcmp(key->alg, "RS256") == 0 && strcmp(key->state, "active") == 0)
		++*(int *)context;
}

static void one_of_32_promotes(void **state)
{
	int active = 0;

	(void)state;
	add_keys();
	set_due("next", NOW + 10);
	assert_int_equal(run_processes(32, promote_one), 1);
	signing_key_list(fixture.db, NOW, count_active, &active);
	assert_int_equal(active, 1);
	assert_string_equal(signing_key_find_active(fixture.db, "RS256")->kid, "next");
}

static void knows_when_tokens_end(void **state)
{
	struct client client = sample_client("app");
	struct access_token token = { .token_hash = hash(1), .client_id = "app", .scope = "", .audience = "", .issued_at = NOW,
		.expires_at = NOW + 5000 };

	(void)state;
	assert_int_equal(signing_key_tokens_end(fixture.db, NOW, 3600), NOW + 3600);
	begin();
	client.access_token_seconds = 4000;
	assert_true(client_insert(fixture.db, &client));
	commit();
	assert_int_equal(signing_key_tokens_end(fixture.db, NOW, 3600), NOW + 4000);
	assert_int_equal(signing_key_tokens_end(fixture.db, NOW, 4500), NOW + 4500);
	begin();
	access_token_insert(fixture.db, &token);
	commit();
	assert_int_equal(signing_key_tokens_end(fixture.db, NOW, 4500), NOW + 5000);
	assert_int_equal(signing_key_tokens_end(fixture.db, NOW + 2000, 4500), NOW + 6500);
}

static void withdraws_and_removes(void **state)
{
	char kids[64] = "";

	(void)state;
	add_keys();
	signing_key_list_expired(fixture.db, NOW, collect, kids);
	assert_string_equal(kids, "gone ");
	begin();
	assert_int_equal(signing_key_withdraw(fixture.db, "RS256", NOW + 5), 3);
	assert_false(signing_key_remove(fixture.db, "now", NOW + 4));
	assert_false(signing_key_remove(fixture.db, "curve", NOW + 5));
	assert_true(signing_key_remove(fixture.db, "gone", NOW + 5));
	commit();
	kids[0] = '\0';
	signing_key_list(fixture.db, NOW + 5, collect, kids);
	assert_string_equal(kids, "curve none ");
	kids[0] = '\0';
	signing_key_list_expired(fixture.db, NOW + 5, collect, kids);
	assert_string_equal(kids, "next now old ");
	assert_null(signing_key_find_signing(fixture.db, "RS256", NOW + 5));
}

/* A handful of rows; the other two are read once a promotion. */
static void uses_indexes(void **state)
{
	(void)state;
	assert_plans("signing_keys clients resources");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(finds_what_signs_and_what_is_published),
		store_test(lists_in_order_of_use),
		store_test(a_due_key_signs),
		store_test(promotes_what_is_due_once),
		store_test(one_of_32_promotes),
		store_test(knows_when_tokens_end),
		store_test(withdraws_and_removes),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
