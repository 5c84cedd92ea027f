/* Client assertions that were used. */
#include "tests/unit/store_fixture.h"

#include "lib/records/assertion_store.h"

static void counts_once(void **state)
{
	struct database *db = fixture.db;

	(void)state;
	begin();
	assert_true(assertion_use(db, hash(1), NOW + 60));
	assert_false(assertion_use(db, hash(1), NOW + 90));
	assert_true(assertion_use(db, hash(2), NOW + 60));
	commit();
	begin();
	assert_false(assertion_use(db, hash(2), NOW + 60));
	commit();
	assert_int_equal(count_rows("assertions"), 2);
}

static int try_once(struct database *db, int index)
{
	bool won;

	(void)index;
	database_begin(db, DATABASE_DURABLE);
	won = assertion_use(db, (const unsigned char *)"0123456789abcdef0123456789abcdef", NOW + 60);
	database_commit(db);
	return won;
}

static void one_of_many_processes_wins(void **state)
{
	(void)state;
	assert_int_equal(run_processes(16, try_once), 1);
}

static void removes_a_bounded_number(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 10; i++)
		assertion_use(fixture.db, hash(i), NOW - i);
	assertion_use(fixture.db, hash(10), NOW + 1);
	assert_int_equal(assertion_remove_expired(fixture.db, NOW, 4), 4);
	assert_int_equal(assertion_remove_expired(fixture.db, NOW, 40), 6);
	assert_false(assertion_use(fixture.db, hash(10), NOW + 1));
	commit();
	assert_int_equal(count_rows("assertions"), 1);
}

static void uses_indexes(void **state)
{
	(void)state;
	assert_plans(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(counts_once),
		store_test(one_of_many_processes_wins),
		store_test(removes_a_bounded_number),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
