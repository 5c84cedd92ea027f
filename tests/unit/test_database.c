/* The database: creating and opening it, statements, privileges. */
#include "tests/unit/store_fixture.h"

#include <sys/stat.h>

#include "lib/records/limit_store.h"

static void run_sql(const char *sql)
{
	sqlite3 *handle = NULL;

	assert_int_equal(sqlite3_open(fixture_path("latchkey.db"), &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
}

static void write_file(const char *name, const char *text, size_t length)
{
	FILE *file = fopen(fixture_path(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	fclose(file);
	chmod(fixture_path(name), 0600);
}

static void assert_unavailable(const char *part)
{
	struct database *db = NULL;
	const char *error = NULL;

	assert_int_equal(database_open(fixture.arena, fixture.folder, "users", NULL, fixture_failed, NULL, &db, &error),
		DATABASE_UNAVAILABLE);
	assert_null(db);
	assert_non_null(error);
	assert_non_null(strstr(error, fixture.folder));
	if (strstr(error, part) == NULL)
		fail_msg("\"%s\" does not contain \"%s\"", error, part);
}

static void creates_a_private_file_once(void **state)
{
	struct stat status;
	const char *error;

	(void)state;
	write_file("latchkey.db.new", "left behind", 11);
	write_file("latchkey.db-wal", "left behind", 11);
	assert_true(database_create(fixture.arena, fixture.folder, &error));
	assert_int_equal(stat(fixture_path("latchkey.db"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(stat(fixture_path("latchkey.lock"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_not_equal(access(fixture_path("latchkey.db.new"), F_OK), 0);
	assert_int_not_equal(access(fixture_path("latchkey.db.new-wal"), F_OK), 0);
	assert_int_not_equal(access(fixture_path("latchkey.db-wal"), F_OK), 0);
	assert_false(database_create(fixture.arena, fixture.folder, &error));
	assert_non_null(strstr(error, "exists already"));
	assert_int_equal(fixture_open(NULL, NULL, &fixture.db), DATABASE_OPEN);
	begin();
	add_user("u1", "ada");
	commit();
	assert_int_equal(stat(fixture_path("latchkey.db-wal"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void refuses_what_is_no_database(void **state)
{
	static char garbage[8192];

	(void)state;
	assert_unavailable("missing");
	memset(garbage, 'x', sizeof garbage);
	write_file("latchkey.db", garbage, sizeof garbage);
	assert_unavailable("not a database");
	chmod(fixture_path("latchkey.db"), 0640);
	assert_unavailable("open to other users");
	unlink(fixture_path("latchkey.db"));
	assert_int_equal(mkdir(fixture_path("latchkey.db"), 0700), 0);
	assert_unavailable("not a file");
	rmdir(fixture_path("latchkey.db"));
}

static void refuses_a_cut_file(void **state)
{
	(void)state;
	database_release(fixture.db, true);
	fixture.db = NULL;
	assert_int_equal(truncate(fixture_path("latchkey.db"), 4096 + 100), 0);
	unlink(fixture_path("latchkey.db-wal"));
	struct database *db = NULL;
	if (fixture_open(NULL, NULL, &db) == DATABASE_OPEN) {
		/* The header alone looks right: then reading says so. */
		assert_fails("malformed", (void)statement_row(database_query(db, "SELECT user_id FROM users", "")));
		database_release(db, true);
	}
}

static void refuses_another_version(void **state)
{
	struct database *db = NULL;
	const char *error;

	(void)state;
	run_sql("PRAGMA user_version = 99");
	assert_int_equal(database_open(fixture.arena, fixture.folder, NULL, NULL, fixture_failed, NULL, &db, &error),
		DATABASE_OTHER_VERSION);
	assert_null(db);
	assert_non_null(strstr(error, "99"));
	assert_non_null(strstr(error, "needs 1"));
	assert_non_null(strstr(error, "latchkey upgrade"));
}

static void binds_and_reads_each_type(void **state)
{
	static const unsigned char bytes[] = { 0, 1, 0, 255 };
	struct statement *row = database_query(fixture.db,
		"SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10", "ttnoohhbbb", "text", NULL, INT64_MIN, (int64_t)0,
		(int64_t)7, hash(1), NULL, (const void *)bytes, sizeof bytes, NULL, (size_t)0, (const void *)"", (size_t)0);
	size_t length = 99;

	(void)state;
	assert_true(statement_row(row));
	assert_string_equal(statement_text(row, 0), "text");
	assert_null(statement_text(row, 1));
	assert_true(statement_number(row, 2) == INT64_MIN);
	assert_true(statement_is_null(row, 3));
	assert_int_equal(statement_number(row, 3), 0);
	assert_int_equal(statement_number(row, 4), 7);
	assert_memory_equal(statement_bytes(row, 5, &length), hash(1), 32);
	assert_int_equal(length, 32);
	assert_null(statement_bytes(row, 6, NULL));
	assert_memory_equal(statement_bytes(row, 7, &length), bytes, sizeof bytes);
	assert_int_equal(length, sizeof bytes);
	assert_true(statement_is_null(row, 8));
	assert_false(statement_is_null(row, 9));
	assert_non_null(statement_bytes(row, 9, &length));
	assert_int_equal(length, 0);
	assert_false(statement_row(row));
	assert_false(statement_row(row));
	statement_end(row);
	assert_fails("no row", (void)statement_number(row, 0));
}

static void prepares_a_statement_once_and_again_while_it_runs(void **state)
{
	static const char sql[] = "SELECT user_id FROM users WHERE username > ?1 ORDER BY username";
	struct statement *outer;
	struct statement *inner;

	(void)state;
	begin();
	add_user("u1", "ada");
	add_user("u2", "bob");
	commit();
	outer = database_query(fixture.db, sql, "t", "");
	assert_true(statement_row(outer));
	inner = database_query(fixture.db, sql, "t", "ada");
	assert_ptr_not_equal(inner, outer);
	assert_true(statement_row(inner));
	assert_string_equal(statement_text(inner, 0), "u2");
	statement_end(inner);
	assert_string_equal(statement_text(outer, 0), "u1");
	assert_true(statement_row(outer));
	assert_string_equal(statement_text(outer, 0), "u2");
	assert_false(statement_row(outer));
	for (int i = 0; i < 200; i++) /* more than are kept */
		statement_end(database_query(fixture.db, arena_format(fixture.arena, "SELECT %d", i), ""));
	inner = database_query(fixture.db, "SELECT 199", "");
	statement_end(inner);
	assert_ptr_equal(database_query(fixture.db, "SELECT 199", ""), inner);
}

static void take_all_statements(struct database *db)
{
	for (;;)
		(void)database_query(db, "SELECT 1", "");
}

static void assert_gives_all_back(struct database *db)
{
	assert_fails("too many statements", take_all_statements(db));
	assert_true(statement_row(database_query(db, "SELECT 1", "")));
}

static void tells_failures_without_values(void **state)
{
	struct database *db = fixture.db;

	(void)state;
	assert_fails("no such table", (void)database_query(db, "SELECT 1 FROM absent", ""));
	assert_fails("not exactly one", (void)database_query(db, "SELECT 1; SELECT 2", ""));
	assert_fails("not exactly one", (void)database_query(db, "", ""));
	assert_fails("differ in number", (void)database_query(db, "SELECT ?1", "tt", "a", "b"));
	assert_fails("unknown type", (void)database_query(db, "SELECT ?1", "x", "a"));
	assert_fails("no such column", (void)database_query(db, "SELECT \"text\"", ""));
	assert_fails("outside a transaction", (void)limit_add(db, "s", 60, NOW));
	assert_fails("no transaction to commit", database_commit(db));
	begin();
	add_user("u1", "ada");
	assert_fails("UNIQUE constraint failed: users.user_id: INSERT INTO users", add_user("u1", "hidden-value"));
	assert_null(strstr(fixture.message, "hidden-value"));
	assert_false(database_in_transaction(db));
	assert_int_equal(count_rows("users"), 0);
	assert_fails("rows where none", (void)database_change(db, "SELECT 1", ""));
	for (int i = 0; i < 3; i++)
		assert_gives_all_back(db);
}

static void assert_refused(struct database *db, const char *sql)
{
	assert_fails("is outside", (void)database_query(db, sql, ""));
}

static void holds_a_program_to_its_tables(void **state)
{
	static const char *const refused[] = { "ATTACH 'x' AS y", "PRAGMA synchronous = OFF", "CREATE TABLE t (a)",
		"CREATE TEMP TABLE t (a)", "DROP TABLE limits", "SELECT name FROM sqlite_master",
		"SELECT load_extension('x')", "SELECT random()", "SAVEPOINT s",
		"WITH w AS (SELECT password FROM users) SELECT count(*) FROM w",
		"SELECT (SELECT username FROM users LIMIT 1)", "SELECT count(*) FROM users" };
	struct database *db = NULL;

	(void)state;
	assert_int_equal(fixture_open("clients", "limits", &db), DATABASE_OPEN);
	assert_null(client_find(db, "app"));
	assert_fails("reading users is outside", (void)user_find(db, "u1"));
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		assert_refused(db, refused[i]);
	database_begin(db, DATABASE_DURABLE);
	assert_int_equal(limit_add(db, "s", 60, NOW), 1);
	assert_fails("writing clients is outside", client_set_secret(db, "app", "x"));
	database_begin(db, DATABASE_RELAXED);
	assert_fails("reading users is outside", (void)database_change(db,
		"UPDATE limits SET subject = (SELECT password FROM users)", ""));
	assert_false(database_in_transaction(db));
	assert_int_equal(limit_count(db, "s", NOW), 0);
	database_begin(db, DATABASE_RELAXED);
	assert_int_equal(limit_add(db, "s", 60, NOW), 1);
	database_commit(db);
	database_release(db, true);
	assert_int_equal(fixture_open(NULL, "limits", &db), DATABASE_OPEN);
	assert_int_equal(limit_count(db, "s", NOW), 1);
	assert_fails("reading clients is outside", (void)client_find(db, "app"));
	database_release(db, true);
}

/* What a foreign key implies needs its privileges too. */
static void asks_for_the_tables_of_foreign_keys(void **state)
{
	struct grant grant = sample_grant("g1", hash(1));
	struct database *db = NULL;

	(void)state;
	begin_with_account();
	commit();
	assert_int_equal(fixture_open(NULL, "grants", &db), DATABASE_OPEN);
	database_begin(db, DATABASE_DURABLE);
	assert_fails("is outside", grant_insert(db, &grant));
	database_release(db, true);
	assert_int_equal(fixture_open("users clients", "grants", &db), DATABASE_OPEN);
	database_begin(db, DATABASE_DURABLE);
	grant_insert(db, &grant);
	assert_true(grant_use_code(db, "g1", NOW, NOW * INT64_C(1000), NOW + 1));
	assert_true(grant_revoke(db, "g1", NOW));
	database_commit(db);
	database_begin(db, DATABASE_DURABLE);
	assert_fails("access_tokens is outside", (void)grant_remove_expired(db, NOW + 100, 10));
	database_release(db, true);
	assert_int_equal(fixture_open("users clients", "grants access_tokens", &db), DATABASE_OPEN);
	database_begin(db, DATABASE_DURABLE);
	assert_int_equal(grant_remove_expired(db, NOW + 100, 10), 1);
	database_commit(db);
	database_release(db, true);
}

#define folder_test(function) cmocka_unit_test_setup_teardown(function, folder_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		folder_test(creates_a_private_file_once),
		folder_test(refuses_what_is_no_database),
		store_test(refuses_a_cut_file),
		store_test(refuses_another_version),
		store_test(binds_and_reads_each_type),
		store_test(prepares_a_statement_once_and_again_while_it_runs),
		store_test(tells_failures_without_values),
		store_test(holds_a_program_to_its_tables),
		store_test(asks_for_the_tables_of_foreign_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
