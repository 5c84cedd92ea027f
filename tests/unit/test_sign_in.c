#include "lib/crypto/argon2.h"
#include "lib/crypto/sealed_hash.h"
#include "lib/identity/password.h"
#include "lib/identity/sign_in.h"
#include "lib/records/audit_store.h"
#include "tests/unit/context_fixture.h"

#define PASSWORD "correct horse battery"

static struct sign_in result;
static enum sign_in_result answer;

static void add(const char *user_id, const char *username, const char *password)
{
	const char *error = "";
	char *sealed = NULL;
	if (password && sealed_hash_make(fixture.arena, c->config, password_purpose(fixture.arena, user_id), password, &sealed, &error)
		!= SEALED_HASH_MATCHES)
		fail_msg("%s", error);
	add_user(user_id, username, sealed);
}

static enum sign_in_result check(const char *username, const char *password)
{
	result = (struct sign_in){ 0 };
	must_return(answer = sign_in_check(c, username, password, &result));
	assert_false(database_in_transaction(c->database));
	if (answer != SIGN_IN_RIGHT)
		assert_null(result.user);
	return answer;
}

static void record(void)
{
	database_begin(c->database, DATABASE_DURABLE);
	sign_in_record(c, &result);
	database_commit(c->database);
}

static void test_right(void **state)
{
	(void)state;
	add("u1", "ada", PASSWORD);
	assert_int_equal(check("ada", PASSWORD), SIGN_IN_RIGHT);
	assert_string_equal(result.user->user_id, "u1");
	assert_null(result.new_password);
	/* Nothing but the counter until the session starts. */
	assert_int_equal(number_of("SELECT count(*) FROM audit"), 0);
	record();
	assert_int_equal(number_of("SELECT count(*) FROM audit"), 0);
	assert_int_equal(check("Ada", PASSWORD), SIGN_IN_RIGHT);
	assert_int_equal(check("ADA", PASSWORD), SIGN_IN_RIGHT);
}

/* The end of a sign-in: one event that says how, the flow's user, a session; without an application the flow is over. */
static void test_complete(void **state)
{
	struct flow alone = { .flow_id = "alone", .secret_hash = sha256_of(fixture.arena, "a"), .max_age = -1, .created_at = NOW, .expires_at = NOW + 60 };
	struct flow flow = alone;
	(void)state;
	add_account();
	flow.flow_id = "f";
	flow.client_id = "app";
	flow.redirect_uri = "https://app.example/cb";
	flow.scope = "openid";
	flow.response_mode = "query";
	database_begin(c->database, DATABASE_DURABLE);
	flow_insert(c->database, &alone);
	flow_insert(c->database, &flow);
	sign_in_complete(c, &flow, "u1", "pwd otp mfa", "aal2", false);
	database_commit(c->database);
	assert_string_equal(flow_find(c->database, "f", NOW)->selected_user_id, "u1");
	assert_string_equal(text_of("SELECT event || ' ' || user_id || ' ' || client_id || ' ' || address || ' ' || request_id || ' ' || detail FROM audit"),
		AUDIT_LOGIN_SUCCESS " u1 app 192.0.2.7 " REQUEST_ID " pwd otp mfa");
	assert_string_equal(text_of("SELECT a.sid || ' ' || s.acr || ' ' || s.amr FROM audit a JOIN sessions s ON s.sid = a.sid"),
		arena_format(fixture.arena, "%s aal2 pwd otp mfa", text_of("SELECT sid FROM sessions")));
	assert_non_null(cookie_answered("session"));
	assert_non_null(cookie_answered("device"));
	database_begin(c->database, DATABASE_DURABLE);
	sign_in_complete(c, &alone, "u1", AMR_PASSWORD, "aal1", true);
	database_commit(c->database);
	assert_null(flow_find(c->database, "alone", NOW));
}

static void test_wrong(void **state)
{
	(void)state;
	add("u1", "ada", PASSWORD);
	add("u2", "nopassword", NULL);
	assert_int_equal(check("ada", PASSWORD " "), SIGN_IN_WRONG);
	assert_int_equal(check("ada", "Correct horse battery"), SIGN_IN_WRONG);
	assert_int_equal(check("ada", ""), SIGN_IN_WRONG);
	assert_int_equal(events(AUDIT_LOGIN_FAILURE), 3);
	assert_int_equal(number_of("SELECT count(*) FROM audit WHERE user_id = 'u1'"), 3);
	assert_int_equal(check("nobody", PASSWORD), SIGN_IN_WRONG);
	assert_int_equal(check("", ""), SIGN_IN_WRONG);
	assert_int_equal(check("nopassword", PASSWORD), SIGN_IN_WRONG);
	assert_int_equal(check("nopassword", ""), SIGN_IN_WRONG);
	assert_int_equal(check("ada' OR '1'='1", PASSWORD), SIGN_IN_WRONG);
	assert_int_equal(events(AUDIT_LOGIN_FAILURE), 8);
	/* Neither passwords nor names that might be passwords get into log or audit. */
	assert_int_equal(number_of("SELECT count(*) FROM audit WHERE detail IS NOT NULL"), 0);
	assert_lacks(logged(), "horse");
}

static void test_disabled(void **state)
{
	(void)state;
	add("u1", "ada", PASSWORD);
	database_begin(c->database, DATABASE_RELAXED);
	user_set_disabled(c->database, "u1", NOW);
	database_commit(c->database);
	assert_int_equal(check("ada", PASSWORD), SIGN_IN_WRONG);
	assert_int_equal(events(AUDIT_LOGIN_FAILURE), 1);
}

/* A hash counts for its own row alone. */
static void test_swapped_rows(void **state)
{
	(void)state;
	add("u1", "ada", PASSWORD);
	add("u2", "bob", "another long password");
	database_begin(c->database, DATABASE_RELAXED);
	database_change(c->database, "UPDATE users SET password = (SELECT password FROM users WHERE user_id = 'u2')", "");
	database_commit(c->database);
	assert_int_equal(check("bob", "another long password"), SIGN_IN_RIGHT);
	assert_leaves(sign_in_check(c, "ada", "another long password", &result));
	assert_int_equal(c->response.status, 500);
}

static void test_account_limit(void **state)
{
	(void)state;
	add("u1", "ada", PASSWORD);
	add("u2", "bob", PASSWORD);
	fixture.config.login_limit_account = 3;
	for (int i = 0; i < 3; i++)
		assert_int_equal(check(i == 1 ? "ADA" : "ada", "wrong"), SIGN_IN_WRONG);
	assert_int_equal(check("ada", PASSWORD), SIGN_IN_LIMITED);
	assert_int_equal(events(AUDIT_LOGIN_LIMITED), 1);
	assert_int_equal(check("bob", PASSWORD), SIGN_IN_RIGHT);
	/* The same for a name that nobody has. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(check("nobody", "wrong"), SIGN_IN_WRONG);
	assert_int_equal(check("nobody", PASSWORD), SIGN_IN_LIMITED);
	c->now = NOW + fixture.config.login_limit_seconds + 1;
	assert_int_equal(check("ada", PASSWORD), SIGN_IN_RIGHT);
}

static void test_success_forgets(void **state)
{
	(void)state;
	add("u1", "ada", PASSWORD);
	fixture.config.login_limit_account = 3;
	fixture.config.login_limit_address = 8;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(check("ada", "wrong"), SIGN_IN_WRONG);
		assert_int_equal(check("ada", "wrong"), SIGN_IN_WRONG);
		assert_int_equal(check("ada", PASSWORD), SIGN_IN_RIGHT);
		record();
	}
	/* The address keeps its failures: who knows one password must not guess others on its account. */
	assert_int_equal(number_of("SELECT attempts FROM limits WHERE subject = 'login:address:192.0.2.7'"), 4);
}

static void test_address_limit(void **state)
{
	(void)state;
	add("u1", "ada", PASSWORD);
	fixture.config.login_limit_address = 3;
	assert_int_equal(check("a", "wrong"), SIGN_IN_WRONG);
	assert_int_equal(check("b", "wrong"), SIGN_IN_WRONG);
	assert_int_equal(check("c", "wrong"), SIGN_IN_WRONG);
	assert_int_equal(check("ada", PASSWORD), SIGN_IN_LIMITED);
	c->request.address = "192.0.2.8";
	assert_int_equal(check("ada", PASSWORD), SIGN_IN_RIGHT);
	/* All of a /64 counts as one. */
	static const char *const addresses[] = { "2001:db8::1", "2001:db8::2", "2001:db8::3" };
	for (int i = 0; i < 3; i++) {
		c->request.address = addresses[i];
		assert_int_equal(check("d", "wrong"), SIGN_IN_WRONG);
	}
	c->request.address = "2001:db8::4";
	assert_int_equal(check("ada", PASSWORD), SIGN_IN_LIMITED);
	c->request.address = "2001:db8:0:1::4";
	assert_int_equal(check("ada", PASSWORD), SIGN_IN_RIGHT);
}

/* Hashes are made anew when the settings change. */
static void test_outdated(void **state)
{
	(void)state;
	add("u1", "ada", PASSWORD);
	const char *before = text_of("SELECT password FROM users");
	fixture.config.argon2_iterations = 2;
	assert_int_equal(check("ada", PASSWORD), SIGN_IN_RIGHT);
	assert_non_null(result.new_password);
	record();
	assert_string_not_equal(text_of("SELECT password FROM users"), before);
	assert_int_equal(check("ada", PASSWORD), SIGN_IN_RIGHT);
	assert_null(result.new_password);
}

static void test_busy(void **state)
{
	(void)state;
	add("u1", "ada", PASSWORD);
	fixture.config.argon2_slots = 1;
	fixture.config.argon2_wait_ms = 0;
	int slot = argon2_slot_acquire(fixture_path("database/argon2.lock"), 1, 0);
	assert_true(slot >= 0);
	assert_int_equal(check("ada", PASSWORD), SIGN_IN_BUSY);
	assert_int_equal(check("nobody", PASSWORD), SIGN_IN_BUSY);
	argon2_slot_release(slot);
	assert_int_equal(check("ada", PASSWORD), SIGN_IN_RIGHT);
}

static void test_broken_key(void **state)
{
	(void)state;
	add("u1", "ada", PASSWORD);
	assert_int_equal(unlink(fixture_path("keys/credentials.key")), 0);
	assert_leaves(sign_in_check(c, "ada", PASSWORD, &result));
	assert_int_equal(c->response.status, 500);
	assert_lacks(c->response.body.data, "credentials");
	assert_contains(logged(), "error: password check: ");
	assert_contains(logged(), "keys/credentials.key");
	fixture_reset_response();
	assert_leaves(sign_in_check(c, "nobody", PASSWORD, &result));
	assert_int_equal(c->response.status, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_right),
		context_test(test_complete),
		context_test(test_wrong),
		context_test(test_disabled),
		context_test(test_swapped_rows),
		context_test(test_account_limit),
		context_test(test_success_forgets),
		context_test(test_address_limit),
		context_test(test_outdated),
		context_test(test_busy),
		context_test(test_broken_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
