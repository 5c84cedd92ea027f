/* Scopes beside those of OpenID Connect. */
#include "tests/unit/store_fixture.h"

#include "lib/records/resource_store.h"
#include "lib/records/scope_store.h"

static bool add(const char *name)
{
	return scope_insert(fixture.db, &(struct registered_scope){ .scope = name, .description = "Text", .created_at = NOW });
}

static void is_inserted_found_and_removed(void **state)
{
	struct registered_scope whole = { .scope = "read", .description = "Read it", .resource = "api", .created_at = NOW };
	const struct registered_scope *found;

	(void)state;
	begin();
	assert_true(resource_insert(fixture.db, &(struct resource){ .resource = "api", .name = "API", .created_at = NOW }));
	assert_true(scope_insert(fixture.db, &whole));
	assert_false(scope_insert(fixture.db, &whole));
	assert_true(add("write"));
	commit();
	found = scope_find(fixture.db, "read");
	assert_non_null(found);
	assert_string_equal(found->scope, "read");
	assert_string_equal(found->description, "Read it");
	assert_string_equal(found->resource, "api");
	assert_int_equal(found->created_at, NOW);
	assert_null(scope_find(fixture.db, "write")->resource);
	assert_null(scope_find(fixture.db, "Read"));
	begin();
	assert_true(scope_remove(fixture.db, "read"));
	assert_false(scope_remove(fixture.db, "read"));
	commit();
	assert_null(scope_find(fixture.db, "read"));
}

static void needs_its_resource(void **state)
{
	struct registered_scope scope = { .scope = "read", .description = "Read it", .resource = "nobody", .created_at = NOW };

	(void)state;
	begin();
	assert_fails("FOREIGN KEY", scope_insert(fixture.db, &scope); commit());
}

static void gives_patterns_the_longest_first(void **state)
{
	const struct registered_scope *found;

	(void)state;
	assert_null(scope_patterns(fixture.db));
	begin();
	assert_true(add("read:*"));
	assert_true(add("read:organization:*"));
	assert_true(add("read:organization:all"));
	assert_true(add("list:*"));
	commit();
	found = scope_patterns(fixture.db);
	assert_string_equal(found->scope, "read:organization:*");
	assert_string_equal(found->next->scope, "list:*");
	assert_string_equal(found->next->next->scope, "read:*");
	assert_null(found->next->next->next);
}

static void collect(void *context, const struct registered_scope *scope)
{
	strcat(context, scope->scope);
	strcat(context, " ");
}

static void are_listed(void **state)
{
	char seen[64] = "";

	(void)state;
	begin();
	assert_true(add("b"));
	assert_true(add("a:*"));
	commit();
	scope_list(fixture.db, collect, seen);
	assert_string_equal(seen, "a:* b ");
}

static void uses_indexes(void **state)
{
	(void)state;
	assert_plans("scopes"); /* patterns are few */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(is_inserted_found_and_removed),
		store_test(needs_its_resource),
		store_test(gives_patterns_the_longest_first),
		store_test(are_listed),
		cmocka_unit_test(uses_indexes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
