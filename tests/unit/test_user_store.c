/* Accounts and claims. */
#include "tests/unit/store_fixture.h"

static void finds_by_id_and_by_name_in_any_case(void **state)
{
	struct user user = { .user_id = "u1", .username = "Ada", .password = "sealed", .password_changed_at = NOW - 5,
		.created_at = NOW };
	const struct user *found;

	(void)state;
	begin();
	assert_true(user_insert(fixture.db, &user));
	commit();
	found = user_find(fixture.db, "u1");
	assert_non_null(found);
	assert_string_equal(found->user_id, "u1");
	assert_string_equal(found->username, "ada");
	assert_string_equal(found->password, "sealed");
	assert_int_equal(found->password_changed_at, NOW - 5);
	assert_int_equal(found->created_at, NOW);
	assert_int_equal(found->disabled_at, 0);
	assert_non_null(user_find_by_username(fixture.db, "aDA"));
	assert_null(user_find_by_username(fixture.db, "ad"));
	assert_null(user_find_by_username(fixture.db, "a%"));
	assert_null(user_find_by_username(fixture.db, NULL));
	assert_null(user_find(fixture.db, "U1"));
}

static void takes_a_name_once(void **state)
{
	struct user second = { .user_id = "u2", .username = "ADA", .created_at = NOW };

	(void)state;
	begin();
	add_user("u1", "ada");
	assert_false(user_insert(fixture.db, &second));
	second.username = "bob";
	assert_true(user_insert(fixture.db, &second));
	commit();
	assert_null(user_find(fixture.db, "u2")->password);
	assert_int_equal(user_find(fixture.db, "u2")->password_changed_at, 0);
}

static int sign_up(struct database *db, int index)
{
	struct user user = { .user_id = arena_format(database_arena(db), "u%d", index), .username = "wanted",
		.created_at = NOW };
	bool won;

	database_begin(db, DATABASE_DURABLE);
	won = user_insert(db, &user);
	database_commit(db);
	return won ? 1 : 0;
}

static void gives_a_wanted_name_to_one(void **state)
{
	(void)state;
	assert_int_equal(run_processes(8, sign_up), 1);
	assert_int_equal(count_rows("users"), 1);
}

static void collect(void *context, const struct user *user)
{
	char *names = context;

	strcat(names, user->username);
	strcat(names, " ");
}

static void lists_by_name_in_pages(void **state)
{
	char names[64] = "";

	(void)state;
	begin();
	add_user("u3", "cyd");
	add_user("u1", "bob");
	add_user("u2", "ada");
	commit();
	user_list(fixture.db, NULL, 2, collect, names);
	assert_string_equal(names, "ada bob ");
	user_list(fixture.db, "bob", 2, collect, names);
	assert_string_equal(names, "ada bob cyd ");
	user_list(fixture.db, "cyd", 2, collect, names);
	user_list(fixture.db, NULL, -1, collect, names);
	assert_string_equal(names, "ada bob cyd ");
}

static void changes_password_and_state(void **state)
{
	(void)state;
	begin();
	add_user("u1", "ada");
	user_set_password(fixture.db, "u1", "other", true, NOW + 1);
	user_set_disabled(fixture.db, "u1", NOW + 2);
	commit();
	assert_string_equal(user_find(fixture.db, "u1")->password, "other");
	assert_true(user_find(fixture.db, "u1")->password_short);
	begin();
	user_seal_password_anew(fixture.db, "u1", "not this one", "third");
	commit();
	assert_string_equal(user_find(fixture.db, "u1")->password, "other");
	begin();
	user_seal_password_anew(fixture.db, "u1", "other", "third");
	commit();
	assert_string_equal(user_find(fixture.db, "u1")->password, "third");
	assert_true(user_find(fixture.db, "u1")->password_short);
	assert_int_equal(user_find(fixture.db, "u1")->password_changed_at, NOW + 1);
	assert_int_equal(user_find(fixture.db, "u1")->disabled_at, NOW + 2);
	begin();
	user_set_disabled(fixture.db, "u1", 0);
	user_set_password(fixture.db, "u1", NULL, false, NOW + 3);
	commit();
	assert_int_equal(user_find(fixture.db, "u1")->disabled_at, 0);
	assert_null(user_find(fixture.db, "u1")->password);
	assert_false(user_find(fixture.db, "u1")->password_short);
}

static void keeps_claims_sorted(void **state)
{
	struct claims claims;

	(void)state;
	begin();
	add_user("u1", "ada");
	add_user("u2", "bob");
	user_set_claim(fixture.db, "u1", "name", "\"Ada\"");
	user_set_claim(fixture.db, "u1", "email", "\"ada@example.org\"");
	user_set_claim(fixture.db, "u1", "name", "\"Ada L\"");
	user_set_claim(fixture.db, "u2", "name", "\"Bob\"");
	user_set_claim(fixture.db, "u1", "zoneinfo", "\"UTC\"");
	user_set_claim(fixture.db, "u1", "zoneinfo", NULL);
	user_set_claim(fixture.db, "u1", "zoneinfo", NULL);
	commit();
	claims = user_claims(fixture.db, "u1");
	assert_int_equal(claims.count, 2);
	assert_string_equal(claims.items[0].name, "email");
	assert_string_equal(claims_find(&claims, "name"), "\"Ada L\"");
	assert_null(claims_find(&claims, "Name"));
	assert_null(claims_find(&claims, "zoneinfo"));
	assert_int_equal(user_claims(fixture.db, "nobody").count, 0);
	begin();
	assert_fails("FOREIGN KEY", user_set_claim(fixture.db, "nobody", "name", "\"x\""));
}

static void reads_many_claims(void **state)
{
	struct claims claims;

	(void)state;
	begin();
	add_user("u1", "ada");
	for (int i = 0; i < 100; i++)
		user_set_claim(fixture.db, "u1", arena_format(fixture.arena, "claim%02d", i),
			arena_format(fixture.arena, "%d", i));
	commit();
	claims = user_claims(fixture.db, "u1");
	assert_int_equal(claims.count, 100);
	assert_string_equal(claims.items[57].json, "57");
}

static void uses_indexes(void **state)
{
	(void)state;
	assert_plans(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(finds_by_id_and_by_name_in_any_case),
		store_test(takes_a_name_once),
		store_test(gives_a_wanted_name_to_one),
		store_test(lists_by_name_in_pages),
		store_test(changes_password_and_state),
		store_test(keeps_claims_sorted),
		store_test(reads_many_claims),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
