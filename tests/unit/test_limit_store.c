/* Counters of attempts. */
#include "tests/unit/store_fixture.h"

#include "lib/records/limit_store.h"

static void counts_in_a_window(void **state)
{
	struct database *db = fixture.db;

	(void)state;
	assert_int_equal(limit_count(db, "a", NOW), 0);
	begin();
	assert_int_equal(limit_add(db, "a", 60, NOW), 1);
	assert_int_equal(limit_add(db, "a", 60, NOW + 30), 2);
	assert_int_equal(limit_add(db, "b", 60, NOW + 30), 1);
	commit();
	assert_int_equal(limit_count(db, "a", NOW + 59), 2); /* the window does not move */
	assert_int_equal(limit_count(db, "a", NOW + 60), 0);
	begin();
	assert_int_equal(limit_add(db, "a", 60, NOW + 60), 1);
	assert_int_equal(limit_add(db, "a", 60, NOW + 61), 2);
	commit();
	assert_int_equal(limit_count(db, "a", NOW + 119), 2);
	assert_int_equal(limit_count(db, "a", NOW + 120), 0);
	begin();
	limit_take_back(db, "a");
	assert_int_equal(limit_count(db, "a", NOW + 70), 1);
	limit_take_back(db, "a");
	limit_take_back(db, "a");
	limit_take_back(db, "nobody");
	assert_int_equal(limit_count(db, "a", NOW + 70), 0);
	assert_int_equal(limit_add(db, "a", 60, NOW + 70), 1);
	limit_clear(db, "a");
	commit();
	assert_int_equal(limit_count(db, "a", NOW + 70), 0);
	assert_int_equal(limit_count(db, "b", NOW + 70), 1);
}

static int try_once(struct database *db, int index)
{
	int64_t count;

	(void)index;
	database_begin(db, DATABASE_RELAXED);
	count = limit_add(db, "shared", 60, NOW);
	database_commit(db);
	return (int)count;
}

static void gives_each_process_a_count_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(run_processes(16, try_once), 16 * 17 / 2);
}

static void removes_a_bounded_number(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 10; i++)
		limit_add(fixture.db, arena_format(fixture.arena, "old:%d", i), 60, NOW - 100);
	limit_add(fixture.db, "live", 60, NOW);
	assert_int_equal(limit_remove_expired(fixture.db, NOW, 4), 4);
	assert_int_equal(limit_remove_expired(fixture.db, NOW, 40), 6);
	commit();
	assert_int_equal(limit_count(fixture.db, "live", NOW), 1);
}

static void uses_indexes(void **state)
{
	(void)state;
	assert_plans(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(counts_in_a_window),
		store_test(gives_each_process_a_count_of_its_own),
		store_test(removes_a_bounded_number),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
