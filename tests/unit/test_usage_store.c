/* How often clients got tokens for themselves: counted by minute, and written down once the minute is over. */
#include "tests/unit/store_fixture.h"

#include "lib/records/audit_store.h"
#include "lib/records/limit_store.h"
#include "lib/records/usage_store.h"

enum { MINUTE = NOW - NOW % 60 };

static void counts_by_client_and_minute(void **state)
{
	(void)state;
	begin();
	assert_int_equal(usage_count(fixture.db, "a", MINUTE), 1);
	assert_int_equal(usage_count(fixture.db, "a", MINUTE + 59), 2);
	assert_int_equal(usage_count(fixture.db, "b", MINUTE + 59), 1);
	assert_int_equal(usage_count(fixture.db, "a", MINUTE + 60), 1);
	commit();
}

struct seen {
	int count;
	struct audit_event events[8];
};

static void collect(void *context, const struct audit_row *row)
{
	struct seen *seen = context;

	assert_true(seen->count < 8);
	seen->events[seen->count++] = row->event;
}

static void writes_down_minutes_that_are_over(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	begin();
	for (int i = 0; i < 3; i++)
		usage_count(fixture.db, "a:b", MINUTE);
	usage_count(fixture.db, "once", MINUTE);
	usage_count(fixture.db, "a:b", MINUTE + 60);
	usage_count(fixture.db, "a:b", MINUTE + 60);
	assert_int_equal(usage_close(fixture.db, MINUTE + 59, 8), 0);
	assert_int_equal(usage_close(fixture.db, MINUTE + 119, 8), 2);
	assert_int_equal(usage_close(fixture.db, MINUTE + 119, 8), 0);
	/* The minute that is not over goes on. */
	assert_int_equal(usage_count(fixture.db, "a:b", MINUTE + 119), 3);
	commit();
	audit_list(fixture.db, &(struct audit_filter){ 0 }, 0, 8, collect, &seen);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.events[0].event, AUDIT_CLIENT_CREDENTIALS_COUNTED);
	assert_string_equal(seen.events[0].client_id, "a:b");
	assert_string_equal(seen.events[0].detail, "3 in the minute from 2027-01-15T08:00:00Z");
	assert_int_equal(seen.events[0].at, MINUTE + 119);
}

static void closes_a_few_at_a_time_and_no_other_limit(void **state)
{
	(void)state;
	begin();
	limit_add(fixture.db, "client:app", 900, MINUTE);
	limit_add(fixture.db, "cd:", 900, MINUTE);
	for (int i = 0; i < 5; i++)
		usage_count(fixture.db, "a", MINUTE + 60 * i);
	assert_int_equal(usage_close(fixture.db, MINUTE + 600, 2), 2);
	/* What removes expired limits does not lose counts. */
	limit_remove_expired(fixture.db, MINUTE + 86400, 100);
	assert_int_equal(count_rows("limits"), 3);
	assert_int_equal(usage_close(fixture.db, MINUTE + 600, 10), 3);
	commit();
}

static void uses_indexes(void **state)
{
	(void)state;
	assert_plans(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(counts_by_client_and_minute),
		store_test(writes_down_minutes_that_are_over),
		store_test(closes_a_few_at_a_time_and_no_other_limit),
		cmocka_unit_test(uses_indexes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
