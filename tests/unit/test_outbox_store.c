/* What has to be sent. */
#include "tests/unit/store_fixture.h"

#include "lib/records/email_change_store.h"
#include "lib/records/outbox_store.h"

static void keeps_references_in_order(void **state)
{
	struct statement *row;

	(void)state;
	begin();
	outbox_add(fixture.db, &(struct outbox_row){ .kind = OUTBOX_ALERT_REFRESH_REUSE, .user_id = "u1", .client_id = "web", .created_at = NOW });
	outbox_add(fixture.db, &(struct outbox_row){ .kind = OUTBOX_ALERT_REFRESH_REUSE, .created_at = NOW + 1 });
	commit();
	row = database_query(fixture.db, "SELECT kind, user_id, client_id, created_at FROM outbox ORDER BY outbox_id", "");
	assert_true(statement_row(row));
	assert_string_equal(statement_text(row, 0), "alert.refresh_reuse");
	assert_string_equal(statement_text(row, 1), "u1");
	assert_string_equal(statement_text(row, 2), "web");
	assert_int_equal(statement_number(row, 3), NOW);
	assert_true(statement_row(row));
	assert_null(statement_text(row, 1));
	assert_false(statement_row(row));
}

static void goes_with_its_transaction(void **state)
{
	(void)state;
	begin();
	outbox_add(fixture.db, &(struct outbox_row){ .kind = OUTBOX_ALERT_REFRESH_REUSE, .user_id = "u1", .client_id = "web", .created_at = NOW });
	database_rollback(fixture.db);
	assert_int_equal(count_rows("outbox"), 0);
}

static void add(const char *kind, int64_t created_at)
{
	outbox_add(fixture.db, &(struct outbox_row){ .kind = kind, .user_id = "u1", .created_at = created_at });
}

static void lends_a_row_to_one(void **state)
{
	const struct outbox_row *first, *second;

	(void)state;
	begin();
	assert_int_equal(outbox_next_due(fixture.db), 0);
	assert_null(outbox_take(fixture.db, NOW, 300));
	add(OUTBOX_RESET_PASSWORD, NOW + 5);
	add(OUTBOX_DELETION, NOW);
	assert_int_equal(outbox_next_due(fixture.db), NOW);
	assert_null(outbox_take(fixture.db, NOW - 1, 300));
	first = outbox_take(fixture.db, NOW + 5, 300);
	second = outbox_take(fixture.db, NOW + 5, 300);
	assert_string_equal(first->kind, OUTBOX_DELETION);
	assert_int_equal(first->attempts, 1);
	assert_string_equal(second->kind, OUTBOX_RESET_PASSWORD);
	assert_null(outbox_take(fixture.db, NOW + 5, 300));
	assert_int_equal(outbox_next_due(fixture.db), NOW + 305);
	assert_true(outbox_remove(fixture.db, first));
	assert_false(outbox_remove(fixture.db, first));
	assert_true(outbox_put_back(fixture.db, second, NOW + 60, true));
	assert_int_equal(outbox_next_due(fixture.db), NOW + 60);
	second = outbox_take(fixture.db, NOW + 60, 300);
	assert_int_equal(second->attempts, 2);
	assert_true(outbox_put_back(fixture.db, second, NOW + 60, false));
	assert_int_equal(outbox_take(fixture.db, NOW + 60, 300)->attempts, 2);
	commit();
}

static void whose_lease_is_over_changes_nothing(void **state)
{
	const struct outbox_row *late, *other;

	(void)state;
	begin();
	add(OUTBOX_DELETION, NOW);
	late = outbox_take(fixture.db, NOW, 300);
	other = outbox_take(fixture.db, NOW + 300, 300);
	assert_int_equal(other->outbox_id, late->outbox_id);
	assert_false(outbox_put_back(fixture.db, late, NOW, true));
	assert_false(outbox_remove(fixture.db, late));
	assert_true(outbox_remove(fixture.db, other));
	commit();
}

static int take_all(struct database *db, int index)
{
	int taken = 0;

	(void)index;
	for (bool more = true; more;) {
		database_begin(db, DATABASE_RELAXED);
		more = outbox_take(db, NOW, 300) != NULL;
		database_commit(db);
		taken += more ? 1 : 0;
	}
	return taken;
}

static void no_two_processes_take_the_same(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 40; i++)
		add(OUTBOX_DELETION, NOW);
	commit();
	assert_int_equal(run_processes(5, take_all), 40);
}

static void one_address_waits_for_a_user(void **state)
{
	(void)state;
	begin_with_account();
	assert_null(email_change_find(fixture.db, "u1"));
	assert_false(email_change_remove(fixture.db, "u1"));
	email_change_save(fixture.db, "u1", "a@example.org", NOW);
	email_change_save(fixture.db, "u1", "b@example.org", NOW + 1);
	assert_string_equal(email_change_find(fixture.db, "u1"), "b@example.org");
	assert_int_equal(count_rows("email_changes"), 1);
	assert_true(email_change_remove(fixture.db, "u1"));
	assert_null(email_change_find(fixture.db, "u1"));
	commit();
}

static void forgets_what_nobody_fetches(void **state)
{
	(void)state;
	begin();
	add("mail.old", NOW - OUTBOX_SECONDS - 1);
	add("mail.older", NOW - OUTBOX_SECONDS - 2);
	add("mail.new", NOW - OUTBOX_SECONDS + 1);
	assert_int_equal(outbox_remove_expired(fixture.db, NOW, 1), 1);
	assert_int_equal(outbox_remove_expired(fixture.db, NOW, 10), 1);
	assert_int_equal(outbox_remove_expired(fixture.db, NOW, 10), 0);
	commit();
	begin();
	assert_string_equal(outbox_take(fixture.db, NOW, 60)->kind, "mail.new");
	commit();
}

static void reads_no_whole_table(void **state)
{
	(void)state;
	/* The test's own look at all rows. */
	assert_plans("outbox");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(keeps_references_in_order),
		store_test(goes_with_its_transaction),
		store_test(lends_a_row_to_one),
		store_test(whose_lease_is_over_changes_nothing),
		store_test(no_two_processes_take_the_same),
		store_test(one_address_waits_for_a_user),
		store_test(forgets_what_nobody_fetches),
		cmocka_unit_test(reads_no_whole_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
