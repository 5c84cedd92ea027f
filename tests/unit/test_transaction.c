/* Transactions, the queue of writers, the log's checkpoints; processes that compete and processes that are killed. */
#include "tests/unit/store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/records/limit_store.h"

enum { PAGE_IN_LOG = 4096 + 24 };

static int64_t log_pages(void)
{
	struct stat status;

	return stat(fixture_path("latchkey.db-wal"), &status) == 0 ? status.st_size / PAGE_IN_LOG : 0;
}

static void keeps_transactions_apart(void **state)
{
	struct database *db = fixture.db;
	struct statement *row;

	(void)state;
	database_rollback(db);
	begin();
	assert_true(database_in_transaction(db));
	assert_fails("inside another", begin());
	assert_false(database_in_transaction(db));
	row = database_query(db, "SELECT 1", "");
	assert_true(statement_row(row));
	assert_fails("still under way", begin());
	begin();
	add_user("u1", "ada");
	database_rollback(db);
	assert_int_equal(count_rows("users"), 0);
	begin();
	add_user("u1", "ada");
	assert_int_equal(limit_add(db, "s", 60, NOW), 1);
	(void)statement_row(database_query(db, "SELECT 1", "")); /* left open: the commit ends it */
	commit();
	assert_int_equal(count_rows("users"), 1);
	begin();
	add_user("u2", "bob");
	database_release(db, false);
	fixture.db = NULL;
	assert_int_equal(fixture_open(NULL, NULL, &fixture.db), DATABASE_OPEN);
	assert_int_equal(count_rows("users"), 1);
	database_release(db, true);
}

/* In place of libc's: whether the disk is waited for is what durable means. */
static int syncs;

int fdatasync(int file)
{
	syncs++;
	return (int)syscall(SYS_fdatasync, file);
}

int fsync(int file)
{
	syncs++;
	return (int)syscall(SYS_fsync, file);
}

static int syncs_of(enum durability durability, const char *change)
{
	int before = syncs;

	database_begin(fixture.db, durability);
	if (change)
		database_change(fixture.db, change, "");
	commit();
	return syncs - before;
}

static void syncs_what_it_promises(void **state)
{
	static const char change[] = "DELETE FROM limits";
	struct statement *row;

	(void)state;
	syncs_of(DATABASE_RELAXED, change); /* the head of a log that begins anew is synced in any case */
	assert_int_equal(syncs_of(DATABASE_RELAXED, change), 0);
	assert_true(syncs_of(DATABASE_DURABLE, change) > 0);
	assert_true(syncs_of(DATABASE_DURABLE, NULL) > 0); /* what another one wrote and was killed over */
	assert_int_equal(syncs_of(DATABASE_RELAXED, NULL), 0);
	row = database_query(fixture.db, "PRAGMA foreign_keys", "");
	assert_true(statement_row(row));
	assert_int_equal(statement_number(row, 0), 1);
	statement_end(row);
	row = database_query(fixture.db, "PRAGMA wal_autocheckpoint", "");
	assert_true(statement_row(row));
	assert_int_equal(statement_number(row, 0), 0);
}

static int count_fifty(struct database *db, int index)
{
	for (int i = 0; i < 50; i++) {
		database_begin(db, index % 2 == 0 ? DATABASE_RELAXED : DATABASE_DURABLE);
		limit_add(db, "shared", 3600, NOW);
		database_commit(db);
	}
	return 1;
}

static void loses_no_write_of_sixteen_processes(void **state)
{
	(void)state;
	assert_int_equal(run_processes(16, count_fifty), 16);
	assert_int_equal(limit_count(fixture.db, "shared", NOW), 800);
	assert_true(log_pages() < 200);
}

static void keeps_the_log_short(void **state)
{
	int64_t most = 0;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		begin();
		limit_add(fixture.db, "one", 3600, NOW);
		limit_add(fixture.db, arena_format(fixture.arena, "many:%d", i), 3600, NOW);
		commit();
		if (log_pages() > most)
			most = log_pages();
	}
	assert_int_equal(limit_count(fixture.db, "one", NOW), 2000);
	assert_true(most >= 32);
	assert_true(most <= 100);
}

/* Readers that come and go, as userinfo does, beside writers: what they see never goes back. */
static int read_or_write(struct database *db, int index)
{
	int64_t last = 0;

	for (int i = 0; i < 400; i++) {
		int64_t count = limit_count(db, "shared", NOW);

		if (count < last)
			return 100;
		last = count;
		if (index % 4 == 0)
			count_fifty(db, 0);
		if (index % 4 == 0 && i == 20)
			break;
	}
	return 0;
}

static void stays_whole_between_readers_and_writers(void **state)
{
	struct statement *row;

	(void)state;
	assert_int_equal(run_processes(12, read_or_write), 0);
	assert_int_equal(limit_count(fixture.db, "shared", NOW), 3 * 21 * 50);
	assert_true(log_pages() < 1200);
	row = database_query(fixture.db, "PRAGMA integrity_check", "");
	assert_true(statement_row(row));
	assert_string_equal(statement_text(row, 0), "ok");
}

/* A reader that stands still keeps the log; once it is gone, the next writer empties it. */
static void lets_a_reader_stand_in_the_way(void **state)
{
	struct database *reader = NULL;
	struct statement *row;

	(void)state;
	begin();
	limit_add(fixture.db, "x", 3600, NOW);
	add_user("u1", "ada");
	commit();
	assert_int_equal(fixture_open("users", NULL, &reader), DATABASE_OPEN);
	row = database_query(reader, "SELECT user_id FROM users", "");
	assert_true(statement_row(row));
	count_fifty(fixture.db, 0);
	count_fifty(fixture.db, 0);
	assert_true(log_pages() >= 100);
	statement_end(row);
	count_fifty(fixture.db, 0);
	assert_true(log_pages() <= 64);
	database_release(reader, true);
}

static int write_and_wait(struct database *db, int index)
{
	database_begin(db, DATABASE_DURABLE);
	limit_add(db, "killed", 3600, NOW);
	if (write(index, "!", 1) == 1)
		for (;;)
			pause();
	return 1;
}

static void survives_a_killed_writer(void **state)
{
	int ends[2];
	char byte;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	close_before_fork();
	child = start_process(write_and_wait, ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ends[0]);
	close(ends[1]);
	open_after_fork();
	alarm(5);
	begin();
	assert_int_equal(limit_count(fixture.db, "killed", NOW), 0);
	assert_int_equal(limit_add(fixture.db, "killed", 3600, NOW), 1);
	commit();
	alarm(0);
	assert_int_equal(limit_count(fixture.db, "killed", NOW), 1);
}

static void frees_the_queue_after_a_failure(void **state)
{
	int lock;

	(void)state;
	begin();
	assert_fails("no such table", (void)database_query(fixture.db, "SELECT 1 FROM absent", ""));
	lock = open(fixture_path("latchkey.lock"), O_RDWR);
	assert_true(lock >= 0);
	assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
	close(lock);
	begin();
	lock = open(fixture_path("latchkey.lock"), O_RDWR);
	assert_int_not_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
	close(lock);
	commit();
}

static int keep_going(struct database *db, int index)
{
	while (index >= 0)
		count_fifty(db, 1);
	return 0;
}

static void stays_whole_under_kills(void **state)
{
	struct statement *row;
	int64_t before;

	(void)state;
	for (int round = 0; round < 20; round++) {
		pid_t children[4];

		close_before_fork();
		for (int i = 0; i < 4; i++)
			children[i] = start_process(keep_going, i);
		usleep(20000);
		open_after_fork();
		before = limit_count(fixture.db, "shared", NOW);
		for (int i = 0; i < 4; i++)
			kill(children[i], SIGKILL);
		for (int i = 0; i < 4; i++)
			waitpid(children[i], NULL, 0);
		assert_true(limit_count(fixture.db, "shared", NOW) >= before);
	}
	row = database_query(fixture.db, "PRAGMA integrity_check", "");
	assert_true(statement_row(row));
	assert_string_equal(statement_text(row, 0), "ok");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(keeps_transactions_apart),
		store_test(syncs_what_it_promises),
		store_test(loses_no_write_of_sixteen_processes),
		store_test(keeps_the_log_short),
		store_test(stays_whole_between_readers_and_writers),
		store_test(lets_a_reader_stand_in_the_way),
		store_test(survives_a_killed_writer),
		store_test(frees_the_queue_after_a_failure),
		store_test(stays_whole_under_kills),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
