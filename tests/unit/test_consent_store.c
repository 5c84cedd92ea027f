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

static void collect(void *context, const struct application *application)
{
	char *text = context;
	size_t length = strlen(text);

	snprintf(text + length, 512 - length, "%s/%s/%s/%d/%d ", application->name, application->client_id,
		application->scope ? application->scope : "-", (int)(application->granted_at - NOW), (int)(application->last_used_at - NOW));
}

static const char *list(int64_t now, const char *name, const char *client_id, int limit)
{
	char *text = arena_alloc(fixture.arena, 512);

	text[0] = '\0';
	consent_list_applications(fixture.db, "u1", now, name, client_id, limit, collect, text);
	return text;
}

static void add_named(const char *client_id, const char *name)
{
	struct client client = sample_client(client_id);

	client.client_name = name;
	assert_true(client_insert(fixture.db, &client));
}

static void add_grant(const char *grant_id, int n, const char *user_id, const char *client_id, int64_t created_at, int64_t used_at)
{
	struct grant grant = sample_grant(grant_id, hash(n));

	grant.user_id = user_id;
	grant.client_id = client_id;
	grant.created_at = created_at;
	grant.code_used_at_ms = used_at * 1000;
	grant.expires_at = NOW + 1000;
	grant_insert(fixture.db, &grant);
}

static void lists_applications_by_name(void **state)
{
	struct consent consent = { .user_id = "u1", .client_id = "c1", .scope = "openid email", .granted_at = NOW - 9, .last_used_at = NOW - 8 };

	(void)state;
	begin_with_account();
	add_user("u2", "bob");
	add_named("c1", "Mail");
	add_named("c2", "Mail");
	add_named("c3", "Archive");
	add_named("c4", "Never used");
	consent_save(fixture.db, &consent);
	add_grant("g1", 1, "u1", "c2", NOW - 5, NOW - 5);
	add_grant("g2", 2, "u1", "c2", NOW - 3, NOW - 3);
	add_grant("g3", 3, "u1", "c1", NOW - 2, NOW - 2);
	add_grant("g4", 4, "u1", "c3", NOW - 1, 0); /* its code may still be used for a minute */
	add_grant("g5", 5, "u2", "c4", NOW - 1, NOW);
	add_grant("g6", 6, "u1", "c4", NOW - 1, NOW);
	assert_true(grant_revoke(fixture.db, "g6", NOW));
	commit();
	assert_string_equal(list(NOW, "", "", 9), "Archive/c3/-/-1/-1 Mail/c1/openid email/-9/-2 Mail/c2/-/-5/-3 ");
	assert_string_equal(list(NOW + 60, "", "", 1), "Mail/c1/openid email/-9/-2 ");
	assert_string_equal(list(NOW, "Archive", "c3", 1), "Mail/c1/openid email/-9/-2 ");
	assert_string_equal(list(NOW, "Mail", "c1", 9), "Mail/c2/-/-5/-3 ");
	assert_string_equal(list(NOW, "Mail", "c2", 9), "");
	assert_string_equal(list(NOW + 1000, "", "", 9), "Mail/c1/openid email/-9/-8 ");
	begin();
	grant_start_refresh(fixture.db, "g1", hash(10), NOW + 500, NOW + 900);
	assert_true(grant_rotate(fixture.db, &(struct grant_rotation){ .grant_id = "g1", .old_hash = hash(10), .new_hash = hash(11),
		.successor = hash(12), .generation = 2, .refresh_expires_at = NOW + 500, .expires_at = NOW + 900 }, NOW + 4));
	commit();
	assert_string_equal(list(NOW, "Mail", "c1", 9), "Mail/c2/-/-5/4 "); /* a refresh is a use */
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
		store_test(lists_applications_by_name),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
