/* What has to be sent. */
#include "tests/unit/store_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(keeps_references_in_order),
		store_test(goes_with_its_transaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
