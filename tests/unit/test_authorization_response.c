#include "lib/http/parameters.h"
#include "lib/protocol/authorization_response.h"
#include "lib/records/audit_store.h"
#include "lib/records/consent_store.h"
#include "tests/unit/context_fixture.h"

static const struct client *client;
static const struct session *session;
static struct flow flow;

static void prepare(void)
{
	add_account();
	session = add_session(NOW - 100);
	client = client_find(c->database, "app");
	assert_non_null(client);
	fixture.endpoint.answers = ANSWERS_PAGES;
	flow = (struct flow){ .client_id = "app", .redirect_uri = "https://app.example/cb", .response_mode = "query", .state = "s t&\xff",
		.scope = "openid email", .nonce = "n1", .code_challenge = "challenge", .claims_id_token = "name", .claims_userinfo = "phone_number",
		.resource = "https://api.example/", .max_age = -1, .created_at = NOW, .expires_at = NOW + 1800 };
}

static void store_flow(const char *flow_id)
{
	flow.flow_id = flow_id;
	flow.secret_hash = sha256_of(fixture.arena, "secret");
	database_begin(c->database, DATABASE_RELAXED);
	flow_insert(c->database, &flow);
	database_commit(c->database);
}

static const char *location(void)
{
	const char *start = strstr(c->response.headers.data, "Location: ");
	assert_non_null(start);
	start += strlen("Location: ");
	return arena_copy(fixture.arena, start, strcspn(start, "\r"));
}

/* The code of the answer, which is in the database as a hash alone. */
static const struct grant *grant_of_answer(void)
{
	const char *start = strstr(location(), "code=");
	assert_non_null(start);
	const char *code = arena_copy(fixture.arena, start + 5, strcspn(start + 5, "&"));
	assert_int_equal(strlen(code), 43);
	return grant_find_by_code(c->database, sha256_of(fixture.arena, code));
}

static void test_code(void **state)
{
	(void)state;
	prepare();
	store_flow("0badcafef1ow");
	must_return(authorization_finish(c, &flow, client, session));
	assert_int_equal(c->response.status, 303);
	assert_true(text_starts_with(location(), "https://app.example/cb?code="));
	assert_true(text_ends_with(location(), "&state=s%20t%26%FF&iss=https%3A%2F%2Fid.example.org"));
	assert_string_equal(cookie_answered("flow-0badcafef1ow"), "");

	const struct grant *grant = grant_of_answer();
	assert_non_null(grant);
	assert_string_equal(grant->client_id, "app");
	assert_string_equal(grant->user_id, "u1");
	assert_string_equal(grant->sid, "sid1");
	assert_string_equal(grant->redirect_uri, "https://app.example/cb");
	assert_string_equal(grant->code_challenge, "challenge");
	assert_string_equal(grant->nonce, "n1");
	assert_string_equal(grant->scope, "openid email");
	assert_string_equal(grant->claims_id_token, "name");
	assert_string_equal(grant->claims_userinfo, "phone_number");
	assert_string_equal(grant->resource, "https://api.example/");
	assert_string_equal(grant->amr, "pwd");
	assert_string_equal(grant->acr, "aal1");
	assert_int_equal(grant->auth_time, NOW - 100);
	assert_int_equal(grant->code_expires_at, NOW + 60);
	assert_true(grant->expires_at >= grant->code_expires_at); /* a late replay is still seen */
	assert_int_equal(grant->code_used_at_ms, 0);
	assert_null(flow_find(c->database, "0badcafef1ow", NOW));
	assert_int_equal(events(AUDIT_CODE_ISSUED), 1);
	assert_string_equal(text_of("SELECT user_id || ' ' || client_id || ' ' || sid || ' ' || detail || ' ' || request_id FROM audit"),
		"u1 app sid1 openid email " REQUEST_ID);
	assert_string_equal(text_of("SELECT grant_id FROM audit"), grant->grant_id);
}

/* Of two tabs, or two clicks, that finish the same flow one gets a code. */
static void test_twice(void **state)
{
	(void)state;
	prepare();
	store_flow("f1");
	authorization_errors_go_to(c, &flow);
	must_return(authorization_finish(c, &flow, client, session));
	fixture_reset_response();
	must_return(authorization_finish(c, &flow, client, session));
	assert_int_equal(c->response.status, 400);
	assert_lacks(c->response.headers.data, "Location");
	assert_lacks(c->response.headers.data, "Set-Cookie");
	assert_contains(c->response.body.data, FLOW_EXPIRED->description);
	assert_int_equal(number_of("SELECT count(*) FROM grants"), 1);
	assert_int_equal(events(AUDIT_CODE_ISSUED), 1);
}

/* Nobody had to do anything: the request was never stored. */
static void test_without_stored_flow(void **state)
{
	(void)state;
	prepare();
	must_return(authorization_finish(c, &flow, client, session));
	assert_non_null(grant_of_answer());
	assert_lacks(c->response.headers.data, "Set-Cookie");
}

/* What the caller began is committed with it. */
static void test_joins_a_transaction(void **state)
{
	(void)state;
	prepare();
	store_flow("f1");
	database_begin(c->database, DATABASE_DURABLE);
	database_change(c->database, "INSERT INTO audit (at, event) VALUES (1, 'x')", "");
	must_return(authorization_finish(c, &flow, client, session));
	assert_false(database_in_transaction(c->database));
	assert_int_equal(events("x"), 1);
	assert_int_equal(events(AUDIT_CODE_ISSUED), 1);
}

/* RFC 6749 3.1.2: a query of the registered URI stays. */
static void test_redirect_uris(void **state)
{
	static const char *const rows[][2] = {
		{ "https://app.example/cb?a=b", "https://app.example/cb?a=b&code=" },
		{ "https://app.example/cb?", "https://app.example/cb?code=" },
		{ "https://app.example/cb?a=b&", "https://app.example/cb?a=b&code=" },
		{ "https://app.example", "https://app.example?code=" },
		{ "app.immich:///oauth-callback", "app.immich:///oauth-callback?code=" },
		{ "http://[::1]:4711/cb", "http://[::1]:4711/cb?code=" },
	};
	(void)state;
	prepare();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fixture_reset_response();
		flow.redirect_uri = rows[i][0];
		must_return(authorization_finish(c, &flow, client, session));
		assert_true(text_starts_with(location(), rows[i][1]));
	}
}

static void test_without_state_and_iss(void **state)
{
	(void)state;
	prepare();
	flow.state = NULL;
	fixture.config.iss_parameter = false;
	must_return(authorization_finish(c, &flow, client, session));
	assert_int_equal(strlen(location()), strlen("https://app.example/cb?code=") + 43);
}

static void test_form_post(void **state)
{
	(void)state;
	prepare();
	flow.response_mode = "form_post";
	flow.state = "<\"'&>";
	must_return(authorization_finish(c, &flow, client, session));
	assert_int_equal(c->response.status, 200);
	assert_lacks(c->response.headers.data, "Location");
	assert_lacks(c->response.headers.data, "form-action"); /* Chromium would hold the client's own redirects to it */
	const char *page = c->response.body.data;
	assert_contains(page, "<form method=\"post\" action=\"https://app.example/cb\"");
	assert_contains(page, "name=\"code\" value=\"");
	assert_contains(page, "name=\"state\" value=\"&lt;&quot;&#39;&amp;&gt;\"");
	assert_contains(page, "name=\"iss\" value=\"" ISSUER "\"");
	assert_lacks(page, "name=\"error\"");
}

/* When a session was seen last is written now and then, not by every request. */
static void test_touch(void **state)
{
	(void)state;
	prepare();
	must_return(authorization_finish(c, &flow, client, session));
	assert_int_equal(number_of("SELECT last_seen_at FROM sessions"), NOW - 10);
	c->now = NOW + 400;
	database_begin(c->database, DATABASE_RELAXED);
	consent_save(c->database, &(struct consent){ .user_id = "u1", .client_id = "app", .scope = "openid", .claims = "", .granted_at = 1,
		.last_used_at = 1 });
	database_commit(c->database);
	fixture_reset_response();
	must_return(authorization_finish(c, &flow, client, session));
	assert_int_equal(number_of("SELECT last_seen_at FROM sessions"), NOW + 400);
	assert_int_equal(number_of("SELECT last_used_at FROM consents"), NOW + 400);
}

static void test_errors(void **state)
{
	(void)state;
	prepare();
	authorization_errors_go_to(c, &flow);
	refuse_because(c, ACCESS_DENIED, "RFC 6749 4.1.2.1", "No, \"never\" & so on.");
	assert_int_equal(c->response.status, 303);
	assert_string_equal(location(), "https://app.example/cb?error=access_denied&error_description=No%2C%20%22never%22%20%26%20so%20on."
		"&state=s%20t%26%FF&iss=https%3A%2F%2Fid.example.org");
	fixture_reset_response();
	flow.response_mode = "form_post";
	flow.state = NULL;
	refuse(c, LOGIN_REQUIRED, "OpenID Connect Core 3.1.2.6");
	assert_int_equal(c->response.status, 200);
	assert_contains(c->response.body.data, "name=\"error\" value=\"login_required\"");
	assert_contains(c->response.body.data, "name=\"error_description\" value=\"The user has to sign in.\"");
	assert_lacks(c->response.body.data, "name=\"state\"");
	/* A failure of the server is the user's page. */
	fixture_reset_response();
	assert_leaves((fail)(c, "broken"));
	assert_int_equal(c->response.status, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_code),
		context_test(test_twice),
		context_test(test_without_stored_flow),
		context_test(test_joins_a_transaction),
		context_test(test_redirect_uris),
		context_test(test_without_state_and_iss),
		context_test(test_form_post),
		context_test(test_touch),
		context_test(test_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
