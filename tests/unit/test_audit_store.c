/* The audit log. */
#include "tests/unit/store_fixture.h"

#include "lib/records/audit_store.h"

static void assert_column(struct statement *row, int column, const char *text)
{
	assert_string_equal(statement_text(row, column), text);
}

static void writes_rows_in_order(void **state)
{
	struct audit_event full = { .at = NOW, .event = AUDIT_CODE_ISSUED, .user_id = "u", .client_id = "c", .sid = "s",
		.grant_id = "g", .address = "a", .request_id = "r", .detail = "d" };
	struct audit_event bare = { .at = NOW + 1, .event = AUDIT_LOGIN_FAILURE };
	struct statement *row;

	(void)state;
	begin();
	audit_write(fixture.db, &full);
	audit_write(fixture.db, &bare);
	assert_int_equal(database_last_id(fixture.db), 2);
	commit();
	row = database_query(fixture.db, "SELECT at, event, user_id, client_id, sid, grant_id, address, request_id, detail"
		" FROM audit WHERE audit_id > 0 ORDER BY audit_id", "");
	assert_true(statement_row(row));
	assert_int_equal(statement_number(row, 0), NOW);
	assert_column(row, 1, "code.issued");
	assert_column(row, 2, "u");
	assert_column(row, 3, "c");
	assert_column(row, 4, "s");
	assert_column(row, 5, "g");
	assert_column(row, 6, "a");
	assert_column(row, 7, "r");
	assert_column(row, 8, "d");
	assert_true(statement_row(row));
	assert_column(row, 1, "login.failure");
	for (int column = 2; column < 9; column++)
		assert_true(statement_is_null(row, column));
	assert_false(statement_row(row));
}

static void goes_with_what_it_records(void **state)
{
	struct audit_event event = { .at = NOW, .event = AUDIT_USER_ADDED };

	(void)state;
	begin();
	audit_write(fixture.db, &event);
	database_rollback(fixture.db);
	assert_int_equal(count_rows("audit"), 0);
	assert_fails("outside a transaction", audit_write(fixture.db, &event));
}

static void uses_indexes(void **state)
{
	(void)state;
	assert_plans(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(writes_rows_in_order),
		store_test(goes_with_what_it_records),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
