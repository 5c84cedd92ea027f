/*
 * A database in a folder of its own for each test, rows to begin with, failures that are expected, processes that
 * compete, and a look at the plan of every statement that the tests ran.
 */
#ifndef LATCHKEY_TESTS_STORE_FIXTURE_H
#define LATCHKEY_TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/records/client_store.h"
#include "lib/records/grant_store.h"
#include "lib/records/user_store.h"

enum { NOW = 1800000000, FIXTURE_ARENA = 32 * 1024 * 1024, FIXTURE_STATEMENTS = 64 };

static struct {
	char folder[64];
	struct arena *arena;
	struct database *db;
	bool armed;
	jmp_buf failure;
	char message[512];
	char *ran[FIXTURE_STATEMENTS]; /* statements of the whole program, each once */
	int ran_count;
} fixture;

/* ---- failures */

static inline void fixture_failed(void *context, const char *message)
{
	(void)context;
	snprintf(fixture.message, sizeof fixture.message, "%s", message);
	if (fixture.armed)
		longjmp(fixture.failure, 1);
	fail_msg("%s", message);
}

/* Runs a statement that must fail with a message that contains `part`. */
#define assert_fails(part, statement) \
	do { \
		fixture.armed = true; \
		if (setjmp(fixture.failure) == 0) { \
			statement; \
			fixture.armed = false; \
			fail_msg("did not fail: %s", #statement); \
		} \
		fixture.armed = false; \
		if (strstr(fixture.message, part) == NULL) \
			fail_msg("\"%s\" does not contain \"%s\"", fixture.message, part); \
	} while (0)

/* ---- plans */

static inline int fixture_ran(unsigned type, void *context, void *statement, void *sql)
{
	const char *text = sql;

	(void)type;
	(void)context;
	(void)statement;
	if (strncmp(text, "SELECT", 6) != 0 && strncmp(text, "INSERT", 6) != 0 && strncmp(text, "UPDATE", 6) != 0
		&& strncmp(text, "DELETE", 6) != 0)
		return 0;
	for (int i = 0; i < fixture.ran_count; i++)
		if (strcmp(fixture.ran[i], text) == 0)
			return 0;
	if (fixture.ran_count < FIXTURE_STATEMENTS)
		fixture.ran[fixture.ran_count++] = strdup(text);
	return 0;
}

static inline int fixture_watch(sqlite3 *handle, char **error, const struct sqlite3_api_routines *routines)
{
	(void)error;
	(void)routines;
	return sqlite3_trace_v2(handle, SQLITE_TRACE_STMT, fixture_ran, NULL);
}

static inline void assert_plan(sqlite3 *handle, const char *sql, const char *scans)
{
	char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
	sqlite3_stmt *plan = NULL;

	assert_int_equal(sqlite3_prepare_v2(handle, explain, -1, &plan, NULL), SQLITE_OK);
	while (sqlite3_step(plan) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(plan, 3);
		char table[64] = "";

		if (sscanf(step, "SCAN %62s", table) == 1 && (scans == NULL || strstr(scans, table) == NULL)
			&& strcmp(table, "CONSTANT") != 0)
			fail_msg("%s: %s", step, sql);
	}
	sqlite3_finalize(plan);
	sqlite3_free(explain);
}

/* The last test of a program: no statement that ran reads a whole table, but for `scans`. */
static inline void assert_plans(const char *scans)
{
	sqlite3 *handle = NULL;

	sqlite3_reset_auto_extension();
	assert_int_equal(sqlite3_open(":memory:", &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, database_schema, NULL, NULL, NULL), SQLITE_OK);
	assert_true(fixture.ran_count > 0);
	for (int i = 0; i < fixture.ran_count; i++) {
		assert_plan(handle, fixture.ran[i], scans);
		free(fixture.ran[i]);
	}
	fixture.ran_count = 0;
	sqlite3_close(handle);
}

/* ---- the database */

static inline char *fixture_path(const char *name)
{
	return arena_format(fixture.arena, "%s/%s", fixture.folder, name);
}

static inline enum database_opened fixture_open(const char *reads, const char *writes, struct database **db)
{
	const char *error;

	return database_open(fixture.arena, fixture.folder, reads, writes, fixture_failed, NULL, db, &error);
}

static inline int folder_setup(void **state)
{
	(void)state;
	strcpy(fixture.folder, "/tmp/latchkey-unit-XXXXXX");
	if (mkdtemp(fixture.folder) == NULL)
		return -1;
	fixture.arena = arena_create(FIXTURE_ARENA);
	fixture.db = NULL;
	return fixture.arena == NULL ? -1 : 0;
}

static inline int store_setup(void **state)
{
	const char *error;

	if (folder_setup(state) != 0)
		return -1;
	sqlite3_auto_extension((void (*)(void))fixture_watch);
	if (!database_create(fixture.arena, fixture.folder, &error))
		return -1;
	return fixture_open(NULL, NULL, &fixture.db) == DATABASE_OPEN ? 0 : -1;
}

static inline int store_teardown(void **state)
{
	static const char *const names[] = { "latchkey.db", "latchkey.db-wal", "latchkey.db-shm", "latchkey.lock",
		"latchkey.db.new" };

	(void)state;
	database_release(fixture.db, true);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(fixture_path(names[i]));
	arena_destroy(fixture.arena);
	return rmdir(fixture.folder);
}

#define store_test(function) cmocka_unit_test_setup_teardown(function, store_setup, store_teardown)

/* ---- rows */

static inline void begin(void)
{
	database_begin(fixture.db, DATABASE_RELAXED);
}

static inline void commit(void)
{
	database_commit(fixture.db);
}

static inline int64_t count_rows(const char *table)
{
	struct statement *row = database_query(fixture.db, arena_format(fixture.arena, "SELECT count(*) FROM %s", table),
		"");
	int64_t count = statement_row(row) ? statement_number(row, 0) : -1;

	statement_end(row);
	for (int i = 0; i < fixture.ran_count; i++) /* this one is not a store's */
		if (strncmp(fixture.ran[i], "SELECT count(*) FROM ", 21) == 0 && strchr(fixture.ran[i], '?') == NULL) {
			free(fixture.ran[i]);
			fixture.ran[i] = fixture.ran[--fixture.ran_count];
		}
	return count;
}

/* 32 bytes that stand for the hash of secret number `n`. */
static inline const unsigned char *hash(int n)
{
	return (const unsigned char *)arena_format(fixture.arena, "%032d", n);
}

static inline void add_user(const char *user_id, const char *username)
{
	struct user user = { .user_id = user_id, .username = username, .password = "sealed", .created_at = NOW };

	assert_true(user_insert(fixture.db, &user));
}

static inline struct client sample_client(const char *client_id)
{
	return (struct client){ .client_id = client_id, .client_name = "An application", .application_type = "web",
		.token_endpoint_auth_method = "client_secret_basic", .secret = "sealed",
		.redirect_uris = "https://app.example/callback", .grant_types = "authorization_code",
		.scope = "openid email", .default_max_age = -1, .pkce = "required", .refresh_grace_seconds = -1,
		.consent = "remember", .id_token_claims = "full", .access_token_format = "jwt",
		.id_token_signed_response_alg = "RS256", .resource_handling = "honour", .created_at = NOW };
}

static inline void add_client(const char *client_id)
{
	struct client client = sample_client(client_id);

	assert_true(client_insert(fixture.db, &client));
}

static inline struct grant sample_grant(const char *grant_id, const unsigned char *code_hash)
{
	return (struct grant){ .grant_id = grant_id, .code_hash = code_hash, .code_expires_at = NOW + 60,
		.client_id = "app", .user_id = "u1", .sid = "sid1", .redirect_uri = "https://app.example/callback",
		.code_challenge = "challenge", .scope = "openid", .auth_time = NOW - 10, .amr = "pwd", .acr = "1",
		.created_at = NOW, .expires_at = NOW + 60 };
}

/* User u1 ("ada"), client app, and a transaction that is open. */
static inline void begin_with_account(void)
{
	begin();
	add_user("u1", "ada");
	add_client("app");
}

/* ---- processes */

static inline void child_failed(void *context, const char *message)
{
	(void)context;
	fprintf(stderr, "process: %s\n", message);
	_exit(200);
}

/* SQLite's locks belong to a process: none may be born with a connection of its parent. */
static inline void close_before_fork(void)
{
	database_release(fixture.db, true);
	fixture.db = NULL;
}

static inline void open_after_fork(void)
{
	assert_int_equal(fixture_open(NULL, NULL, &fixture.db), DATABASE_OPEN);
}

static inline pid_t start_process(int (*body)(struct database *db, int index), int index)
{
	pid_t child;

	assert_null(fixture.db);
	child = fork();

	if (child == 0) {
		struct arena *arena = arena_create(FIXTURE_ARENA);
		struct database *db;
		const char *error;
		int result;

		if (database_open(arena, fixture.folder, NULL, NULL, child_failed, NULL, &db, &error) != DATABASE_OPEN) {
			fprintf(stderr, "process: %s\n", error);
			_exit(201);
		}
		result = body(db, index);
		database_release(db, true);
		arena_destroy(arena);
		_exit(result);
	}
	assert_true(child > 0);
	return child;
}

/* Runs `count` at once; none may fail. Gives the sum of their exit codes. */
static inline int run_processes(int count, int (*body)(struct database *db, int index))
{
	pid_t children[64];
	int sum = 0;

	assert_true(count <= 64);
	close_before_fork();
	for (int i = 0; i < count; i++)
		children[i] = start_process(body, i);
	for (int i = 0; i < count; i++) {
		int status = 0;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status));
		assert_true(WEXITSTATUS(status) < 200);
		sum += WEXITSTATUS(status);
	}
	open_after_fork();
	return sum;
}

#endif
