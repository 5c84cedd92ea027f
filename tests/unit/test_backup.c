/* Copies of a database that is written to meanwhile, and the look whether one is sound. */
#include "tests/unit/store_fixture.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "lib/database/backup.h"
#include "lib/records/limit_store.h"

enum { PAGE_IN_LOG = 4096 + 24 };

static int64_t log_pages(void)
{
	struct stat status;

	return stat(fixture_path("latchkey.db-wal"), &status) == 0 ? status.st_size / PAGE_IN_LOG : 0;
}

static int64_t number(const char *path, const char *sql)
{
	sqlite3 *handle = NULL;
	sqlite3_stmt *statement = NULL;
	int64_t found = -1;

	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		found = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return found;
}

static int backup_teardown(void **state)
{
	static const char *const names[] = { "copy.db", "copy.db-wal", "copy.db-shm", "backup.lock", "latchkey.db.copy" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(fixture_path(names[i]));
	return store_teardown(state);
}

static void write_pages(int count)
{
	for (int i = 0; i < count; i++) {
		begin();
		limit_add(fixture.db, "s", 60, NOW);
		commit();
	}
}

static void a_copy_has_all_and_a_name_at_the_end(void **state)
{
	const char *error;
	struct stat status;

	(void)state;
	begin_with_account();
	commit();
	assert_true(log_pages() > 0);
	assert_true(database_copy_named(fixture.db, "copy.db", &error));
	assert_null(error);
	assert_int_equal(stat(fixture_path("copy.db"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(number(fixture_path("copy.db"), "SELECT count(*) FROM users"), 1);
	assert_int_equal(number(fixture_path("copy.db"), "PRAGMA user_version"), DATABASE_SCHEMA_VERSION);
	assert_int_equal(access(fixture_path("latchkey.db.copy"), F_OK), -1);
	/* A file of that name that a killed one left is no hindrance. */
	assert_int_equal(close(open(fixture_path("latchkey.db.copy"), O_CREAT | O_WRONLY, 0600)), 0);
	assert_true(database_copy_named(fixture.db, "copy.db", &error));
	assert_false(database_copy_named(fixture.db, "no/such/folder", &error));
	assert_non_null(error);
	assert_int_equal(access(fixture_path("latchkey.db.copy"), F_OK), -1);
}

static void one_without_a_name_is_whole_and_leaves_nothing(void **state)
{
	char path[64];
	const char *error;
	int file;

	(void)state;
	begin_with_account();
	commit();
	file = database_copy_unnamed(fixture.db, &error);
	assert_true(file >= 0);
	assert_int_equal(access(fixture_path("latchkey.db.copy"), F_OK), -1);
	assert_int_equal(log_pages(), 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	/* As backup does: the bytes go somewhere else. */
	int other = open(fixture_path("copy.db"), O_CREAT | O_WRONLY, 0600), in = open(path, O_RDONLY);
	char bytes[65536];
	for (ssize_t got; (got = read(in, bytes, sizeof bytes)) > 0;)
		assert_int_equal(write(other, bytes, (size_t)got), got);
	close(in);
	close(other);
	close(file);
	assert_int_equal(number(fixture_path("copy.db"), "SELECT count(*) FROM users"), 1);
	assert_int_equal(number(fixture_path("copy.db"), "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
}

/* A reader of long standing that nobody waits for. */
static void writers_leave_the_log_alone_meanwhile(void **state)
{
	int lock;

	(void)state;
	write_pages(200);
	assert_true(log_pages() < 130);
	lock = open(fixture_path("backup.lock"), O_RDWR | O_CREAT, 0600);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	write_pages(300);
	assert_true(log_pages() > 300);
	close(lock);
	write_pages(1);
	assert_true(log_pages() < 130);
	/* A file that a killed one left locks nobody out. */
	write_pages(200);
	assert_true(log_pages() < 130);
}

static int copy_and_write(struct database *db, int index)
{
	const char *error;
	char name[32];

	for (int i = 0; i < 20; i++) {
		if (index > 1) {
			database_begin(db, DATABASE_RELAXED);
			limit_add(db, "one", 3600, NOW);
			limit_add(db, "two", 3600, NOW);
			database_commit(db);
			continue;
		}
		snprintf(name, sizeof name, "copy-%d.db", index);
		if (!database_copy_named(db, name, &error)) {
			fprintf(stderr, "process: %s\n", error);
			return 201;
		}
		/* Both counters are of one moment. */
		if (number(fixture_path(name), "SELECT count(*) <> 1 FROM (SELECT coalesce(max(attempts), 0) AS a FROM limits WHERE subject = 'one'"
			" UNION SELECT coalesce(max(attempts), 0) FROM limits WHERE subject = 'two')") != 0)
			return 202;
	}
	return 1;
}

static void is_one_moment_between_writers(void **state)
{
	(void)state;
	assert_int_equal(run_processes(12, copy_and_write), 12);
	assert_int_equal(limit_count(fixture.db, "one", NOW), 200);
	for (int i = 0; i < 2; i++) {
		unlink(fixture_path(i ? "copy-1.db" : "copy-0.db"));
		unlink(fixture_path(i ? "copy-1.db-wal" : "copy-0.db-wal"));
		unlink(fixture_path(i ? "copy-1.db-shm" : "copy-0.db-shm"));
	}
}

static void says_what_is_wrong(void **state)
{
	const char *error;
	sqlite3 *handle = NULL;

	(void)state;
	assert_true(database_is_sound(fixture.db, &error));
	assert_null(error);
	assert_int_equal(sqlite3_open(fixture_path("latchkey.db"), &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, "PRAGMA foreign_keys = OFF; INSERT INTO user_claims VALUES ('nobody', 'email', '1')", NULL, NULL, NULL),
		SQLITE_OK);
	assert_false(database_is_sound(fixture.db, &error));
	assert_non_null(strstr(error, "user_claims"));
	assert_int_equal(sqlite3_exec(handle, "DELETE FROM user_claims; PRAGMA writable_schema = ON;"
		" UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'limits') WHERE name = 'limits_by_expiry'",
		NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
	database_release(fixture.db, true);
	if (fixture_open(NULL, NULL, &fixture.db) == DATABASE_OPEN)
		assert_false(database_is_sound(fixture.db, &error));
}

#define backup_test(function) cmocka_unit_test_setup_teardown(function, store_setup, backup_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		backup_test(a_copy_has_all_and_a_name_at_the_end),
		backup_test(one_without_a_name_is_whole_and_leaves_nothing),
		backup_test(writers_leave_the_log_alone_meanwhile),
		backup_test(is_one_moment_between_writers),
		backup_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
