/* The public side of signing keys. */
#include "tests/unit/store_fixture.h"

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

/* A handful of rows. */
static void uses_indexes(void **state)
{
	(void)state;
	assert_plans("signing_keys");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(finds_what_signs_and_what_is_published),
		store_test(lists_in_order_of_use),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
