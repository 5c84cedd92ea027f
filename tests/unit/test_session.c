#include "lib/identity/session.h"
#include "tests/unit/context_fixture.h"

/* Starts one in a transaction of its own: the value of its cookie. */
static const char *start(const char *user_id, bool stay)
{
	fixture_reset_response();
	database_begin(c->database, DATABASE_DURABLE);
	session_start(c, user_id, "pwd", ACR_PASSWORD, stay);
	database_commit(c->database);
	const char *cookie = cookie_answered("session");
	assert_non_null(cookie);
	assert_int_equal(strlen(cookie), 43);
	return cookie;
}

static void add_users(void)
{
	add_user("u1", "ada", NULL);
	add_user("u2", "bob", NULL);
}

static void test_start(void **state)
{
	(void)state;
	add_users();
	assert_null(session_current(c));
	const char *cookie = start("u1", false);
	/* Only the hash is stored; the cookie ends with the browser. */
	assert_int_equal(number_of(arena_format(fixture.arena, "SELECT count(*) FROM sessions WHERE instr(session_hash, '%s') > 0", cookie)), 0);
	assert_lacks(c->response.headers.data, "Max-Age");
	assert_contains(c->response.headers.data, "__Host-");
	send_cookie("session", cookie);
	const struct session *session = session_current(c);
	assert_non_null(session);
	assert_string_equal(session->user_id, "u1");
	assert_string_equal(session->username, "ada");
	assert_string_equal(session->amr, "pwd");
	assert_string_equal(session->acr, "aal1");
	assert_string_equal(session->address, "192.0.2.7");
	assert_string_equal(session->user_agent, "a browser");
	assert_int_equal(strlen(session->sid), 22);
	assert_int_equal(session->auth_time, NOW);
	assert_int_equal(session->expires_at, NOW + fixture.config.session_seconds);
	assert_int_equal(session->idle_seconds, fixture.config.session_idle_seconds);
}

static void test_stay(void **state)
{
	(void)state;
	add_users();
	const char *cookie = start("u1", true);
	assert_contains(c->response.headers.data, arena_format(fixture.arena, "; Max-Age=%lld", (long long)fixture.config.session_stay_seconds));
	send_cookie("session", cookie);
	const struct session *session = session_current(c);
	assert_int_equal(session->expires_at, NOW + fixture.config.session_stay_seconds);
	assert_int_equal(session->idle_seconds, fixture.config.session_stay_seconds);
}

static void test_other_cookies(void **state)
{
	static const char *const values[] = { NULL, "", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "a b", "\xff" };
	(void)state;
	add_users();
	start("u1", false);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		send_cookie("session", values[i]);
		assert_null(session_current(c));
	}
}

/* Idle, too old, disabled: each ends it. */
static void test_ends(void **state)
{
	(void)state;
	add_users();
	send_cookie("session", start("u1", false));
	c->now = NOW + fixture.config.session_idle_seconds - 1;
	assert_non_null(session_current(c));
	c->now = NOW + fixture.config.session_idle_seconds + 1;
	assert_null(session_current(c));
	database_begin(c->database, DATABASE_RELAXED);
	database_change(c->database, "UPDATE sessions SET last_seen_at = ?1", "n", NOW + fixture.config.session_seconds);
	database_commit(c->database);
	c->now = NOW + fixture.config.session_seconds - 1;
	assert_non_null(session_current(c));
	c->now = NOW + fixture.config.session_seconds + 1;
	assert_null(session_current(c));
	c->now = NOW;
	assert_non_null(session_current(c));
	database_begin(c->database, DATABASE_RELAXED);
	user_set_disabled(c->database, "u1", NOW);
	database_commit(c->database);
	assert_null(session_current(c));
}

/* Always a new cookie (session fixation); the sid is the session's as long as the user is the same. */
static void test_again(void **state)
{
	(void)state;
	add_users();
	const char *first = start("u1", false);
	send_cookie("session", first);
	const char *sid = session_current(c)->sid;
	c->now = NOW + 1000;
	const char *second = start("u1", false);
	assert_string_not_equal(first, second);
	send_cookie("session", second);
	assert_string_equal(session_current(c)->sid, sid);
	assert_int_equal(session_current(c)->auth_time, NOW + 1000);
	assert_int_equal(session_current(c)->created_at, NOW);
	/* The old cookie counts for a minute, for other tabs under way, with its own auth_time. */
	send_cookie("session", first);
	assert_int_equal(session_current(c)->auth_time, NOW);
	c->now += 59;
	assert_non_null(session_current(c));
	c->now += 2;
	assert_null(session_current(c));
	send_cookie("session", second);
	assert_non_null(session_current(c));
}

static void test_another_user(void **state)
{
	(void)state;
	add_users();
	const char *first = start("u1", false);
	send_cookie("session", first);
	const char *sid = session_current(c)->sid;
	const char *second = start("u2", false);
	/* Who sat here before is signed out, at once. */
	assert_null(session_current(c));
	send_cookie("session", second);
	assert_string_equal(session_current(c)->user_id, "u2");
	assert_string_not_equal(session_current(c)->sid, sid);
}

/* A cookie that somebody planted in the browser is never taken over. */
static void test_fixation(void **state)
{
	(void)state;
	add_users();
	send_cookie("session", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	const char *cookie = start("u1", false);
	assert_string_not_equal(cookie, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	assert_null(session_current(c));
}

static void insert_grant(const char *grant_id, const char *sid, const char *scope)
{
	struct grant grant = { .grant_id = grant_id, .code_hash = sha256_of(fixture.arena, grant_id), .code_expires_at = NOW + 60, .client_id = "app",
		.user_id = "u1", .sid = sid, .redirect_uri = "https://app.example/cb", .scope = scope, .auth_time = NOW, .amr = "pwd", .acr = "aal1",
		.created_at = NOW, .expires_at = NOW + 60 };
	grant_insert(c->database, &grant);
}

static void test_finish(void **state)
{
	(void)state;
	add_account();
	const char *first = start("u1", false);
	send_cookie("session", first);
	const char *second = start("u1", false); /* the other cookie of the same sid */
	send_cookie("session", second);
	const struct session *session = session_current(c);
	const char *other = arena_text(fixture.arena, "othersid");
	fixture_reset_response();
	database_begin(c->database, DATABASE_DURABLE);
	insert_grant("g1", session->sid, "openid");
	insert_grant("g2", session->sid, "openid offline_access");
	insert_grant("g3", other, "openid");
	session_finish(c, session);
	database_commit(c->database);
	assert_string_equal(cookie_answered("session"), "");
	assert_null(session_current(c));
	send_cookie("session", first);
	assert_null(session_current(c));
	assert_int_equal(number_of("SELECT count(*) FROM sessions"), 0);
	/* Tokens without offline_access end with their session. */
	assert_true(grant_find(c->database, "g1")->revoked_at != 0);
	assert_int_equal(grant_find(c->database, "g2")->revoked_at, 0);
	assert_int_equal(grant_find(c->database, "g3")->revoked_at, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_start),
		context_test(test_stay),
		context_test(test_other_cookies),
		context_test(test_ends),
		context_test(test_again),
		context_test(test_another_user),
		context_test(test_fixation),
		context_test(test_finish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
