/* APIs that access tokens can be for, and their scopes. */
#include "tests/unit/store_fixture.h"

#include "lib/records/resource_store.h"
#include "lib/records/scope_store.h"

#define API "https://api.example/"

static void add(const char *uri)
{
	struct resource resource = { .resource = uri, .name = "An API", .created_at = NOW };

	assert_true(resource_insert(fixture.db, &resource));
}

static void is_inserted_once_and_found(void **state)
{
	struct resource whole = { .resource = API, .name = "An API", .client_id = "app", .access_token_seconds = 300,
		.signing_alg = "ES256", .created_at = NOW };
	const struct resource *found;

	(void)state;
	begin();
	assert_true(resource_insert(fixture.db, &whole));
	whole.name = "Another";
	assert_false(resource_insert(fixture.db, &whole));
	add("api");
	commit();
	found = resource_find(fixture.db, API);
	assert_non_null(found);
	assert_string_equal(found->resource, API);
	assert_string_equal(found->name, "An API");
	assert_string_equal(found->client_id, "app");
	assert_int_equal(found->access_token_seconds, 300);
	assert_string_equal(found->signing_alg, "ES256");
	assert_int_equal(found->created_at, NOW);
	found = resource_find(fixture.db, "api");
	assert_null(found->client_id);
	assert_int_equal(found->access_token_seconds, 0);
	assert_null(found->signing_alg);
	assert_null(resource_find(fixture.db, "https://api.example"));
	assert_null(resource_find(fixture.db, "API"));
}

static void takes_its_scopes_along(void **state)
{
	(void)state;
	begin();
	add(API);
	add("other");
	assert_true(scope_insert(fixture.db, &(struct registered_scope){ .scope = "read", .description = "Read", .resource = API, .created_at = NOW }));
	assert_true(scope_insert(fixture.db, &(struct registered_scope){ .scope = "write", .description = "Write", .resource = "other", .created_at = NOW }));
	commit();
	begin();
	assert_true(resource_remove(fixture.db, API));
	assert_false(resource_remove(fixture.db, API));
	commit();
	assert_null(resource_find(fixture.db, API));
	assert_null(scope_find(fixture.db, "read"));
	assert_non_null(scope_find(fixture.db, "write"));
}

static void collect(void *context, const struct resource *resource)
{
	strcat(context, resource->resource);
	strcat(context, " ");
}

static void are_listed(void **state)
{
	char seen[64] = "";

	(void)state;
	resource_list(fixture.db, collect, seen);
	assert_string_equal(seen, "");
	begin();
	add("b");
	add("a");
	commit();
	resource_list(fixture.db, collect, seen);
	assert_string_equal(seen, "a b ");
}

static void uses_indexes(void **state)
{
	(void)state;
	assert_plans("resources");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(is_inserted_once_and_found),
		store_test(takes_its_scopes_along),
		store_test(are_listed),
		cmocka_unit_test(uses_indexes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
