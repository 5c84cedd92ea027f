/* What users allowed applications to have. */
#include "tests/unit/store_fixture.h"

#include "lib/records/consent_store.h"

static void is_saved_replaced_and_removed(void **state)
{
	struct consent consent = { .user_id = "u1", .client_id = "app", .scope = "openid", .claims = "email",
		.granted_at = NOW, .last_used_at = NOW };
	const struct consent *found;

	(void)state;
	begin_with_account();
	consent_save(fixture.db, &consent);
	commit();
	found = consent_find(fixture.db, "u1", "app");
	assert_non_null(found);
	assert_string_equal(found->user_id, "u1");
	assert_string_equal(found->client_id, "app");
	assert_string_equal(found->scope, "openid");
	assert_string_equal(found->claims, "email");
	assert_int_equal(found->granted_at, NOW);
	consent.scope = "openid email";
	consent.claims = NULL;
	consent.granted_at = NOW + 1;
	consent.last_used_at = NOW + 2;
	begin();
	consent_save(fixture.db, &consent);
	consent_touch(fixture.db, "u1", "app", NOW + 3);
	commit();
	found = consent_find(fixture.db, "u1", "app");
	assert_string_equal(found->scope, "openid email");
	assert_string_equal(found->claims, "");
	assert_int_equal(found->granted_at, NOW + 1);
	assert_int_equal(found->last_used_at, NOW + 3);
	begin();
	assert_true(consent_remove(fixture.db, "u1", "app"));
	assert_false(consent_remove(fixture.db, "u1", "app"));
	commit();
	assert_null(consent_find(fixture.db, "u1", "app"));
}

static void belongs_to_one_user_and_one_client(void **state)
{
	struct consent consent = { .user_id = "u1", .client_id = "app", .scope = "openid", .granted_at = NOW };

	(void)state;
	begin_with_account();
	add_user("u2", "bob");
	add_client("other");
	consent_save(fixture.db, &consent);
	commit();
	assert_null(consent_find(fixture.db, "u2", "app"));
	assert_null(consent_find(fixture.db, "u1", "other"));
	consent.client_id = "nobody";
	begin();
	assert_fails("FOREIGN KEY", consent_save(fixture.db, &consent); commit());
}

static void uses_indexes(void **state)
{
	(void)state;
	assert_plans(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(is_saved_replaced_and_removed),
		store_test(belongs_to_one_user_and_one_client),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
