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

static void collect(void *context, const struct audit_row *row)
{
	char *text = context;
	size_t length = strlen(text);

	snprintf(text + length, 256 - length, "%d%s ", (int)row->audit_id, row->username ? row->username : "");
}

static const char *found(struct audit_filter filter, int64_t after, int limit)
{
	static char text[256];

	text[0] = '\0';
	audit_list(fixture.db, &filter, after, limit, collect, text);
	return text;
}

static void add_event(int64_t at, const char *event, const char *user_id, const char *client_id, const char *detail)
{
	audit_write(fixture.db, &(struct audit_event){ .at = at, .event = event, .user_id = user_id, .client_id = client_id,
		.detail = detail });
}

static void add_events(void)
{
	begin_with_account();
	add_event(NOW, "login.success", "u1", NULL, NULL);
	add_event(NOW + 1, "login.failure", NULL, NULL, "ada");
	add_event(NOW + 2, "code.issued", "u1", "app", NULL);
	add_event(NOW + 3, "login_other", "u2", "app", NULL);
	add_event(NOW + 4, "logout", "u1", NULL, "");
	commit();
}

static void lists_what_passes(void **state)
{
	struct audit_filter all = { 0 };

	(void)state;
	assert_string_equal(found(all, 0, 10), "");
	add_events();
	assert_string_equal(found(all, 0, 10), "1ada 2 3ada 4 5ada ");
	begin();
	database_change(fixture.db, "INSERT INTO audit (audit_id, at, event) VALUES (-7, -7, 'x')", "");
	assert_string_equal(found(all, INT64_MIN, 2), "-7 1ada ");
	database_rollback(fixture.db);
	assert_string_equal(found(all, 0, 2), "1ada 2 ");
	assert_string_equal(found(all, 2, 2), "3ada 4 ");
	assert_string_equal(found((struct audit_filter){ .since = NOW + 1, .until = NOW + 4 }, 0, 10), "2 3ada 4 ");
	assert_string_equal(found((struct audit_filter){ .event = "login." }, 0, 10), "1ada 2 ");
	assert_string_equal(found((struct audit_filter){ .event = "log" }, 0, 10), "1ada 2 4 5ada ");
	assert_string_equal(found((struct audit_filter){ .event = "%" }, 0, 10), "");
	assert_string_equal(found((struct audit_filter){ .user_id = "u1", .event = "log" }, 0, 10), "1ada 5ada ");
	assert_string_equal(found((struct audit_filter){ .client_id = "app" }, 0, 10), "3ada 4 ");
	assert_int_equal(audit_list(fixture.db, &all, 0, 3, collect, (char[256]){ 0 }), 3);
	assert_int_equal(audit_list(fixture.db, &all, 5, 3, collect, (char[256]){ 0 }), 5);
}

static void finds_the_newest(void **state)
{
	struct audit_filter all = { 0 }, of_user = { .user_id = "u1" };

	(void)state;
	add_events();
	assert_int_equal(audit_before_newest(fixture.db, &all, 2), 3);
	assert_true(audit_before_newest(fixture.db, &all, 5) == INT64_MIN);
	assert_true(audit_before_newest(fixture.db, &all, 50) == INT64_MIN);
	assert_int_equal(audit_before_newest(fixture.db, &of_user, 2), 1);
	assert_int_equal(audit_count_after(fixture.db, 2), 3);
	assert_int_equal(audit_count_after(fixture.db, INT64_MIN), 5);
}

static struct audit_run run_of(int64_t until, int page)
{
	struct audit_run run = { .last = INT64_MIN };

	while (audit_run_add(fixture.db, &run, until, page))
		;
	return run;
}

static void assert_other_digest(const struct audit_run *before, const char *change)
{
	struct audit_run now;

	begin();
	database_change(fixture.db, change, "");
	now = run_of(5, 10);
	database_rollback(fixture.db);
	if (memcmp(now.digest, before->digest, sizeof now.digest) == 0)
		fail_msg("not seen: %s", change);
}

static void a_run_depends_on_every_byte(void **state)
{
	static const char *const changes[] = { "UPDATE audit SET at = at + 1 WHERE audit_id = 3",
		"UPDATE audit SET detail = '' WHERE audit_id = 1", "UPDATE audit SET detail = NULL WHERE audit_id = 5",
		"UPDATE audit SET detail = 'ad', request_id = 'a' WHERE audit_id = 2",
		"UPDATE audit SET client_id = NULL, sid = client_id WHERE audit_id = 3",
		"UPDATE audit SET detail = CAST(X'61646100ff' AS TEXT) WHERE audit_id = 2",
		"UPDATE audit SET audit_id = 0 WHERE audit_id = 1", "DELETE FROM audit WHERE audit_id = 1",
		"DELETE FROM audit WHERE audit_id = 5",
		"INSERT INTO audit (audit_id, at, event) VALUES (-7, 1, 'x')" };
	struct audit_run all, pages, part;

	(void)state;
	add_events();
	all = run_of(5, 10);
	pages = run_of(5, 2);
	part = run_of(4, 10);
	assert_int_equal(all.count, 5);
	assert_int_equal(all.last, 5);
	assert_memory_equal(all.digest, pages.digest, sizeof all.digest);
	assert_int_equal(part.count, 4);
	assert_memory_not_equal(all.digest, part.digest, sizeof all.digest);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
		assert_other_digest(&all, changes[i]);
}

static void collect_of_user(void *context, const struct audit_event *event, const char *client_name)
{
	char *text = context;
	size_t length = strlen(text);

	snprintf(text + length, 256 - length, "%d/%s/%s ", (int)(event->at - NOW), event->event, client_name ? client_name : "-");
}

static int64_t list_of_user(int64_t before, int limit, const char *expected)
{
	char text[256] = "";
	int64_t next = audit_list_of_user(fixture.db, "u1", "login.success logout", before, limit, collect_of_user, text);

	assert_string_equal(text, expected);
	return next;
}

static void write_of(const char *user_id, const char *event, int64_t at, const char *client_id)
{
	audit_write(fixture.db, &(struct audit_event){ .at = at, .event = event, .user_id = user_id, .client_id = client_id });
}

static void lists_newest_first_for_a_user(void **state)
{
	int64_t next;

	(void)state;
	begin_with_account();
	write_of("u1", "login.success", NOW + 1, "app");
	write_of("u2", "login.success", NOW + 2, NULL);
	write_of("u1", "tokens.issued", NOW + 3, "app");
	write_of("u1", "logout", NOW + 4, "gone");
	write_of("u1", "login", NOW + 5, NULL);
	write_of("u1", "login.success", NOW + 6, NULL);
	write_of(NULL, "logout", NOW + 7, NULL);
	commit();
	assert_int_equal(list_of_user(INT64_MAX, 3, "6/login.success/- 4/logout/- 1/login.success/An application "), 0);
	next = list_of_user(INT64_MAX, 2, "6/login.success/- 4/logout/- ");
	assert_true(next > 0);
	assert_int_equal(list_of_user(next, 2, "1/login.success/An application "), 0);
	assert_int_equal(list_of_user(1, 2, ""), 0);
}

static void looks_at_a_bounded_number_for_a_user(void **state)
{
	int64_t next;

	(void)state;
	begin_with_account();
	write_of("u1", "logout", NOW, NULL);
	for (int i = 0; i < AUDIT_WINDOW_EVENTS; i++)
		write_of("u1", "tokens.refreshed", NOW + i, NULL);
	commit();
	next = list_of_user(INT64_MAX, 2, "");
	assert_true(next > 0);
	assert_int_equal(list_of_user(next, 2, "0/logout/- "), 0);
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
		store_test(lists_what_passes),
		store_test(finds_the_newest),
		store_test(a_run_depends_on_every_byte),
		store_test(lists_newest_first_for_a_user),
		store_test(looks_at_a_bounded_number_for_a_user),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
