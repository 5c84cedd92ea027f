/*
 * A context as the request loop makes it, over an installation of its own below /tmp: configuration, database, key
 * files with the cheapest Argon2id. Handlers leave by longjmp(): see assert_leaves() and must_return().
 */
#ifndef LATCHKEY_TESTS_CONTEXT_FIXTURE_H
#define LATCHKEY_TESTS_CONTEXT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/seal.h"
#include "lib/crypto/signing_key.h"
#include "lib/database/database.h"
#include "lib/http/context.h"
#include "lib/http/cookies.h"
#include "lib/protocol/errors.h"
#include "lib/records/client_store.h"
#include "lib/records/flow_store.h"
#include "lib/records/grant_store.h"
#include "lib/records/session_store.h"
#include "lib/records/signing_key_store.h"
#include "lib/records/user_store.h"

#include <cmocka.h> /* after errors.h: fail() is a macro here, a function there */

enum { NOW = 1800000000, FIXTURE_ARENA = 16 * 1024 * 1024 };

#define ISSUER "https://id.example.org"
#define REQUEST_ID "0123456789abcdef"

static struct {
	char folder[64];
	struct arena *arena;
	struct context context;
	struct config config; /* may be changed by a test */
	struct endpoint endpoint;
	jmp_buf unwind;
} fixture;

/* Of the process, over all tests: signing keys stay there. */
static struct arena *lasting;

static struct context *const c = &fixture.context;

/* ---- the two ways out */

/* The statement must answer by itself and leave. */
#define assert_leaves(statement) \
	do { \
		if (setjmp(fixture.unwind) == 0) { \
			statement; \
			fail_msg("came back: %s", #statement); \
		} \
	} while (0)

/* The statement must come back. What it assigns to should be static. */
#define must_return(statement) \
	do { \
		if (setjmp(fixture.unwind) != 0) \
			fail_msg("left with %d %s%s: %s", c->response.status, c->response.headers.data, \
				c->response.body.data, #statement); \
		statement; \
	} while (0)

/* ---- the installation */

static inline char *fixture_path(const char *name)
{
	return arena_format(fixture.arena, "%s/%s", fixture.folder, name);
}

static inline void fixture_write(const char *name, const char *text)
{
	FILE *file = fopen(fixture_path(name), "wb");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* What was logged so far, at most 64 KiB. */
static inline char *logged(void)
{
	char *text = arena_alloc(fixture.arena, 65536);
	FILE *file = fopen(fixture_path("log"), "rb");

	assert_non_null(file);
	assert_true(fread(text, 1, 65535, file) < 65535);
	fclose(file);
	return text;
}

static inline void fixture_database_failed(void *context, const char *message)
{
	(void)context;
	fail_msg("database: %s", message);
}

static inline void fixture_reset_response(void)
{
	c->response = response_create(fixture.arena);
}

static inline int make_folders(void)
{
	static const char *const names[] = { "database", "keys", "keys/signing" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (mkdir(fixture_path(names[i]), 0700) != 0)
			return -1;
	return 0;
}

static inline int context_setup(void **state)
{
	const char *error;

	(void)state;
	strcpy(fixture.folder, "/tmp/latchkey-unit-XXXXXX");
	if (!lasting)
		lasting = arena_create(FIXTURE_ARENA);
	if (!lasting || !mkdtemp(fixture.folder) || !(fixture.arena = arena_create(FIXTURE_ARENA)) || make_folders() != 0)
		return -1;
	fixture_write("latchkey.conf", "issuer = " ISSUER "\nargon2_memory_kib = 8\nargon2_iterations = 1\n");
	const struct config *config = config_load(fixture.arena, fixture_path("latchkey.conf"), &error);
	if (!config || !database_create(fixture.arena, fixture_path("database"), &error)
		|| !seal_key_create(fixture.arena, fixture_path("keys/credentials.key"), &error)
		|| !seal_key_create(fixture.arena, fixture_path("keys/clients.key"), &error)) {
		print_error("%s\n", error);
		return -1;
	}
	fixture.config = *config;
	fixture.endpoint = (struct endpoint){ .name = "test", .methods = METHOD_GET | METHOD_POST, .answers = ANSWERS_JSON };
	fixture.context = (struct context){ .endpoint = &fixture.endpoint, .config = &fixture.config, .arena = fixture.arena, .lasting = lasting,
		.request_id = REQUEST_ID, .now = NOW, .started_ms = NOW * INT64_C(1000), .unwind = &fixture.unwind };
	fixture.context.request = (struct request){ .method = METHOD_GET, .query = "", .content_type = "", .body = "",
		.address = "192.0.2.7", .user_agent = "a browser" };
	fixture_reset_response();
	log_to_file(fixture_path("log"));
	log_set_request(REQUEST_ID);
	return database_open(fixture.arena, fixture_path("database"), NULL, NULL, fixture_database_failed, c,
		&fixture.context.database, &error) == DATABASE_OPEN ? 0 : -1;
}

static inline int fixture_remove(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

static inline int context_teardown(void **state)
{
	(void)state;
	database_release(c->database, true);
	arena_destroy(fixture.arena);
	return nftw(fixture.folder, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
}

#define context_test(function) cmocka_unit_test_setup_teardown(function, context_setup, context_teardown)

/* ---- requests */

static inline void get(const struct parameter *table, const char *query)
{
	c->request.method = METHOD_GET;
	c->request.query = arena_text(fixture.arena, query);
	c->parameters = parameters_read(fixture.arena, table, &c->request);
}

static inline void post(const struct parameter *table, const char *body)
{
	c->request.method = METHOD_POST;
	c->request.content_type = "application/x-www-form-urlencoded";
	c->request.body = arena_text(fixture.arena, body);
	c->request.body_length = strlen(body);
	c->parameters = parameters_read(fixture.arena, table, &c->request);
}

/* The browser sends this cookie of ours, and only this one; value NULL: none. */
static inline void send_cookie(const char *purpose, const char *value)
{
	c->request.cookie = value ? arena_format(fixture.arena, "%s=%s", cookie_name(c, purpose), value) : NULL;
}

/* ---- answers */

static inline void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static inline void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in \"%s\"", part, text);
}

/* A whole header line. */
static inline void assert_header(const char *line)
{
	assert_contains(c->response.headers.data, arena_format(fixture.arena, "%s\r\n", line));
}

static inline void assert_refused(int status, const char *body)
{
	if (c->response.status != status || !text_equal(c->response.body.data, body))
		fail_msg("%d %s, but not %d %s", c->response.status, c->response.body.data, status, body);
	assert_false(database_in_transaction(c->database));
}

/* The value of a cookie that the answer sets; "" where it clears it, NULL if it does neither. */
static inline const char *cookie_answered(const char *purpose)
{
	const char *start = strstr(c->response.headers.data, arena_format(fixture.arena, "Set-Cookie: %s=", cookie_name(c, purpose)));

	if (!start)
		return NULL;
	start = strchr(start, '=') + 1;
	return arena_copy(fixture.arena, start, strcspn(start, ";"));
}

/* ---- rows */

static inline int64_t number_of(const char *sql)
{
	struct statement *row = database_query(c->database, sql, "");
	int64_t number = statement_row(row) ? statement_number(row, 0) : -1;

	statement_end(row);
	return number;
}

static inline const char *text_of(const char *sql)
{
	struct statement *row = database_query(c->database, sql, "");
	const char *text = statement_row(row) ? statement_text(row, 0) : NULL;

	statement_end(row);
	return text;
}

static inline int64_t events(const char *event)
{
	return number_of(arena_format(fixture.arena, "SELECT count(*) FROM audit WHERE event = '%s'", event));
}

static inline void add_user(const char *user_id, const char *username, const char *sealed)
{
	struct user user = { .user_id = user_id, .username = username, .password = sealed, .created_at = NOW };

	database_begin(c->database, DATABASE_RELAXED);
	assert_true(user_insert(c->database, &user));
	database_commit(c->database);
}

static inline struct client sample_client(const char *client_id)
{
	return (struct client){ .client_id = client_id, .client_name = "An application", .application_type = "web",
		.secret = "sealed", .redirect_uris = "https://app.example/cb", .post_logout_redirect_uris = "",
		.grant_types = "authorization_code", .scope = "openid profile email address phone groups offline_access",
		.default_max_age = -1, .pkce = "required", .refresh_grace_seconds = -1, .consent = "remember",
		.id_token_claims = "full", .access_token_format = "jwt", .id_token_signed_response_alg = "RS256",
		.resource_handling = "honour", .claim_rules = { "", "" }, .created_at = NOW };
}

static inline void add_client(const struct client *client)
{
	database_begin(c->database, DATABASE_RELAXED);
	assert_true(client_insert(c->database, client));
	database_commit(c->database);
}

/* User u1, ada; client app. */
static inline void add_account(void)
{
	struct client client = sample_client("app");

	add_user("u1", "ada", NULL);
	add_client(&client);
}

/* A session of u1, whose cookie is "cookie"; the browser sends it. */
static inline const struct session *add_session(int64_t auth_time)
{
	struct session session = { .session_hash = sha256_of(fixture.arena, "cookie"), .sid = "sid1", .user_id = "u1",
		.created_at = auth_time, .auth_time = auth_time, .amr = "pwd", .acr = "aal1", .last_seen_at = NOW - 10,
		.idle_seconds = 28800, .expires_at = NOW + 28800 };

	database_begin(c->database, DATABASE_RELAXED);
	session_insert(c->database, &session);
	database_commit(c->database);
	send_cookie("session", "cookie");
	const struct session *found = session_find(c->database, session.session_hash, NOW);
	assert_non_null(found);
	return found;
}

#endif
