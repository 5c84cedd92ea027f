/* The way from an older schema to a newer one, with steps that no release has; and what a kill in the middle leaves. */
#include "tests/unit/store_fixture.h"

#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/database/migrations.h"

enum { ROWS = 60000 };

static const struct migration steps[] = {
	{ 101, "ALTER TABLE users ADD COLUMN unreal TEXT;"
		"CREATE TABLE extra (n INTEGER NOT NULL) STRICT;"
		"INSERT INTO extra WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 60000) SELECT n FROM c;"
		"UPDATE users SET unreal = upper(username)" },
	{ 102, "CREATE TABLE limits_new (subject TEXT PRIMARY KEY, attempts INTEGER NOT NULL, expires_at INTEGER NOT NULL,"
		" since INTEGER) STRICT, WITHOUT ROWID;"
		"INSERT INTO limits_new SELECT subject, attempts, expires_at, NULL FROM limits;"
		"DROP TABLE limits; ALTER TABLE limits_new RENAME TO limits;"
		"UPDATE extra SET n = n + 1" },
	{ 0 },
};

static int recorded;

static void record(void *context, struct database *database, int from, int to)
{
	(void)context;
	assert_true(database_in_transaction(database));
	recorded = from * 1000 + to;
}

static int64_t number(const char *file, const char *sql)
{
	sqlite3 *handle = NULL;
	sqlite3_stmt *statement = NULL;
	int64_t found = -1;

	assert_int_equal(sqlite3_open(fixture_path(file), &handle), SQLITE_OK);
	if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		found = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_close(handle);
	return found;
}

static int upgrade_by(const struct migration *migrations, int target, const char **error)
{
	const struct upgrade upgrade = { .migrations = migrations, .target = target, .copy = true, .record = record };

	return database_upgrade(fixture.arena, fixture.folder, &upgrade, fixture_failed, NULL, error);
}

static void assert_sound(const char *file)
{
	assert_int_equal(number(file, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
	assert_int_equal(number(file, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	assert_int_equal(number(file, "SELECT count(*) FROM users"), 2);
}

static void assert_old(const char *file)
{
	assert_sound(file);
	assert_int_equal(number(file, "PRAGMA user_version"), 101);
	assert_int_equal(number(file, "SELECT count(*) FROM sqlite_master WHERE name IN ('extra', 'limits_new')"), 0);
	assert_int_equal(number(file, "SELECT count(*) FROM pragma_table_info('users') WHERE name = 'unreal'"), 0);
}

static void assert_new(const char *file)
{
	assert_sound(file);
	assert_int_equal(number(file, "PRAGMA user_version"), 103);
	assert_int_equal(number(file, "SELECT count(*) FROM users WHERE unreal = upper(username)"), 2);
	assert_int_equal(number(file, "SELECT sum(n) - count(*) FROM extra"), (int64_t)ROWS * (ROWS + 1) / 2);
	assert_int_equal(number(file, "SELECT count(*) FROM pragma_table_info('limits') WHERE name = 'since'"), 1);
}

static int migrations_setup(void **state)
{
	if (store_setup(state) != 0)
		return -1;
	recorded = 0;
	begin();
	add_user("u1", "ada");
	add_user("u2", "bob");
	commit();
	close_before_fork();
	/* Numbers that no release has. */
	assert_int_equal(number("latchkey.db", "PRAGMA user_version = 101"), -1);
	return 0;
}

static int migrations_teardown(void **state)
{
	unlink(fixture_path("before-upgrade-101.db"));
	unlink(fixture_path("backup.lock"));
	unlink(fixture_path("latchkey.db.copy"));
	unlink(fixture_path("latchkey.db-journal"));
	for (int i = 0; i < 2; i++)
		unlink(fixture_path(i == 0 ? "before-upgrade-101.db-wal" : "before-upgrade-101.db-shm"));
	return store_teardown(state);
}

static void goes_all_the_way_at_once(void **state)
{
	const char *error;
	struct stat status;

	(void)state;
	assert_int_equal(upgrade_by(steps, 103, &error), 101);
	assert_null(error);
	assert_int_equal(recorded, 101103);
	assert_new("latchkey.db");
	assert_old("before-upgrade-101.db");
	assert_int_equal(stat(fixture_path("before-upgrade-101.db"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	recorded = 0;
	assert_int_equal(upgrade_by(steps, 103, &error), 103);
	assert_int_equal(recorded, 0);
	assert_int_equal(fixture_open(NULL, NULL, &fixture.db), DATABASE_OTHER_VERSION);
}

static void says_why_it_does_nothing(void **state)
{
	static const struct migration wrong_sql[] = { { 101, "ALTER TABLE users ADD COLUMN unreal TEXT; UPDATE nothing SET a = 1" }, { 0 } };
	static const struct migration wrong_rows[] = {
		{ 101, "INSERT INTO user_claims VALUES ('nobody', 'email', '1')" }, { 0 } };
	const char *error;

	(void)state;
	assert_int_equal(upgrade_by(steps, 101, &error), 101);
	assert_int_equal(upgrade_by(steps, 104, &error), -1);
	assert_non_null(strstr(error, "no way"));
	assert_int_equal(upgrade_by(steps, 100, &error), -1);
	assert_non_null(strstr(error, "newer"));
	assert_int_equal(access(fixture_path("before-upgrade-101.db"), F_OK), -1);
	assert_int_equal(upgrade_by(wrong_sql, 102, &error), -1);
	assert_non_null(strstr(error, "from version 101 to 102"));
	assert_int_equal(upgrade_by(wrong_rows, 102, &error), -1);
	assert_non_null(strstr(error, "user_claims"));
	assert_int_equal(recorded, 0);
	assert_old("latchkey.db");
}

static void die(void *context, struct database *database, int from, int to)
{
	(void)context;
	(void)database;
	(void)from;
	(void)to;
	kill(getpid(), SIGKILL);
}

static pid_t start_upgrade(void (*at_end)(void *, struct database *, int, int))
{
	pid_t child = fork();

	if (child == 0) {
		const struct upgrade upgrade = { .migrations = steps, .target = 103, .copy = true, .record = at_end };
		struct arena *arena = arena_create(FIXTURE_ARENA);
		const char *error;
		int from = database_upgrade(arena, fixture.folder, &upgrade, child_failed, NULL, &error);

		if (from < 0)
			fprintf(stderr, "process: %s\n", error);
		arena_destroy(arena);
		_exit(from < 0 ? 201 : from - 100);
	}
	assert_true(child > 0);
	return child;
}

static int wait_for(pid_t child)
{
	int status = 0;

	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static int64_t microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A database of version 1 again, as the copy has it. */
static void take_back(void)
{
	assert_int_equal(rename(fixture_path("before-upgrade-101.db"), fixture_path("latchkey.db")), 0);
	unlink(fixture_path("latchkey.db-wal"));
	unlink(fixture_path("latchkey.db-shm"));
}

static void a_kill_leaves_the_old_or_the_new(void **state)
{
	enum { KILLS = 40 };
	int64_t begin_at = microseconds(), whole;
	int old = 0, new = 0;

	(void)state;
	assert_int_equal(WEXITSTATUS(wait_for(start_upgrade(NULL))), 1);
	whole = microseconds() - begin_at;
	assert_new("latchkey.db");
	take_back();
	assert_old("latchkey.db");
	/* All is done but the commit. */
	assert_int_equal(wait_for(start_upgrade(die)) & 0x7f, SIGKILL);
	assert_old("latchkey.db");
	for (int i = 0; i < KILLS; i++) {
		pid_t child = start_upgrade(NULL);

		usleep((useconds_t)(whole * 2 * (i + 1) / KILLS));
		kill(child, SIGKILL);
		wait_for(child);
		if (number("latchkey.db", "PRAGMA user_version") == 103) {
			assert_new("latchkey.db");
			assert_old("before-upgrade-101.db");
			take_back();
			new++;
		} else {
			assert_old("latchkey.db");
			old++;
		}
	}
	print_message("# killed: %d before it counted, %d after\n", old, new);
	assert_true(old > 5 && new > 0);
	assert_int_equal(WEXITSTATUS(wait_for(start_upgrade(NULL))), 1);
	assert_new("latchkey.db");
}

static void of_many_at_once_one_does_it(void **state)
{
	pid_t children[8];
	int did = 0;

	(void)state;
	for (int i = 0; i < 8; i++)
		children[i] = start_upgrade(NULL);
	for (int i = 0; i < 8; i++) {
		int result = WEXITSTATUS(wait_for(children[i]));

		assert_true(result == 1 || result == 3);
		did += result == 1;
	}
	assert_int_equal(did, 1);
	assert_new("latchkey.db");
	assert_old("before-upgrade-101.db");
}

/* A release that raises the version has to bring a step for every older one. */
static void every_release_has_its_step(void **state)
{
	int at = 1;

	(void)state;
	for (const struct migration *step = database_migrations; step->sql; step++, at++) {
		assert_int_equal(step->from, at);
		assert_null(strstr(step->sql, "COMMIT"));
	}
	assert_int_equal(at, DATABASE_SCHEMA_VERSION);
}

#define migration_test(function) cmocka_unit_test_setup_teardown(function, migrations_setup, migrations_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		migration_test(goes_all_the_way_at_once),
		migration_test(says_why_it_does_nothing),
		migration_test(a_kill_leaves_the_old_or_the_new),
		migration_test(of_many_at_once_one_does_it),
		cmocka_unit_test(every_release_has_its_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
