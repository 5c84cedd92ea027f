/* The two ways out, in the form that each kind of endpoint has. */
#include "lib/http/html.h"
#include "lib/http/messages.h"
#include "tests/unit/context_fixture.h"

/* ---- the catalogue */

#define AS_ITEM(NAME, code, status, page, description) NAME,
static const struct error *const catalogue[] = { ERROR_CATALOGUE(AS_ITEM) };
enum { ERRORS = sizeof catalogue / sizeof *catalogue };

/* RFC 6749 5.2, RFC 6750 3: what may stand in error and error_description. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e || *text == '"' || *text == '\\')
			return false;
	return true;
}

static void test_catalogue(void **state)
{
	(void)state;
	for (int i = 0; i < ERRORS; i++) {
		const struct error *error = catalogue[i];
		assert_in_range(error->status, 400, 503);
		assert_true(!error->code || is_plain(error->code));
		assert_true(is_plain(error->description));
		assert_non_null(message_find(arena_format(fixture.arena, "error_heading_%s", error->page)));
		assert_non_null(message_find(arena_format(fixture.arena, "error_explain_%s", error->page)));
	}
}

/* ---- forms */

static void test_json(void **state)
{
	(void)state;
	assert_int_equal(refuse(c, INVALID_GRANT, "RFC 6749 5.2"), OUTCOME_REFUSED);
	assert_refused(400, "{\"error\":\"invalid_grant\",\"error_description\":\"The authorization code is not valid.\"}");
	assert_string_equal(c->response.headers.data, "Content-Type: application/json\r\n");
	fixture_reset_response();
	assert_int_equal(refuse_because(c, INVALID_REQUEST, "RFC 6749 3.1", "So it is."), OUTCOME_REFUSED);
	assert_refused(400, "{\"error\":\"invalid_request\",\"error_description\":\"So it is.\"}");
	/* RFC 6749 5.2: a client that may have tried Basic is told of it. */
	fixture_reset_response();
	refuse(c, INVALID_CLIENT, "RFC 6749 5.2");
	assert_int_equal(c->response.status, 401);
	assert_header("WWW-Authenticate: Basic realm=\"" ISSUER "\", charset=\"UTF-8\"");
}

static void test_bearer(void **state)
{
	(void)state;
	fixture.endpoint.answers = ANSWERS_BEARER;
	/* RFC 6750 3.1: without a token no error code. */
	refuse(c, TOKEN_MISSING, "RFC 6750 3.1");
	assert_int_equal(c->response.status, 401);
	assert_header("WWW-Authenticate: Bearer realm=\"" ISSUER "\"");
	fixture_reset_response();
	refuse(c, INVALID_TOKEN, "RFC 6750 3.1");
	assert_refused(401, "{\"error\":\"invalid_token\",\"error_description\":\"The access token is unknown, expired or revoked.\"}");
	assert_header("WWW-Authenticate: Bearer realm=\"" ISSUER "\", error=\"invalid_token\", "
		"error_description=\"The access token is unknown, expired or revoked.\"");
	fixture_reset_response();
	refuse(c, INSUFFICIENT_SCOPE, "OpenID Connect Core 5.3.1");
	assert_int_equal(c->response.status, 403);
	assert_contains(c->response.headers.data, ", scope=\"openid\"\r\n");
	fixture_reset_response();
	refuse_because(c, INVALID_REQUEST, "RFC 6750 2", "Twice.");
	assert_header("WWW-Authenticate: Bearer realm=\"" ISSUER "\", error=\"invalid_request\", error_description=\"Twice.\"");
	fixture_reset_response();
	refuse(c, METHOD_NOT_ALLOWED, "RFC 9110 15.5.6");
	assert_int_equal(c->response.status, 405);
	assert_lacks(c->response.headers.data, "WWW-Authenticate");
}

static void test_page(void **state)
{
	(void)state;
	fixture.endpoint.answers = ANSWERS_PAGES;
	for (int i = 0; i < ERRORS; i++) {
		fixture_reset_response();
		refuse_because(c, catalogue[i], "RFC 6749 3.1", "Because of <b>\"this\"</b>.");
		assert_int_equal(c->response.status, catalogue[i]->status);
		assert_contains(c->response.headers.data, "Content-Type: text/html; charset=utf-8\r\n");
		assert_contains(c->response.headers.data, "form-action 'self'");
		const char *page = c->response.body.data;
		assert_contains(page, "Because of &lt;b&gt;&quot;this&quot;&lt;/b&gt;.");
		assert_lacks(page, "<b>");
		assert_contains(page, REQUEST_ID);
		struct buffer heading = buffer_create(fixture.arena, 64);
		html_escape(&heading, message(arena_format(fixture.arena, "error_heading_%s", catalogue[i]->page)));
		assert_contains(page, heading.data);
	}
}

/* Without a configuration there is neither page nor issuer to name. */
static void test_plain(void **state)
{
	(void)state;
	c->config = NULL;
	fixture.endpoint.answers = ANSWERS_PAGES;
	assert_leaves((fail)(c, "cannot read %s", "it"));
	assert_refused(500, "The server failed.\nRequest " REQUEST_ID "\n");
	assert_header("Content-Type: text/plain; charset=utf-8");
	assert_contains(logged(), REQUEST_ID " error: cannot read it\n");
	assert_lacks(c->response.body.data, "cannot read");
}

/* ---- redirects */

static int redirected;

static void to_the_client(struct context *context, const struct error *error, const char *description)
{
	redirected++;
	response_redirect(context, arena_format(context->arena, "https://app.example/cb?error=%s#%s", error->code, description));
}

static void test_redirect(void **state)
{
	(void)state;
	fixture.endpoint.answers = ANSWERS_PAGES;
	c->answer_error = to_the_client;
	redirected = 0;
	refuse_because(c, INVALID_SCOPE, "RFC 6749 4.1.2.1", "no");
	assert_int_equal(c->response.status, 303);
	assert_header("Location: https://app.example/cb?error=invalid_scope#no");
	/* Not the client's business. */
	fixture_reset_response();
	refuse(c, METHOD_NOT_ALLOWED, "RFC 9110 15.5.6");
	assert_int_equal(c->response.status, 405);
	fixture_reset_response();
	assert_leaves((fail)(c, "broken"));
	assert_int_equal(c->response.status, 500);
	assert_lacks(c->response.headers.data, "Location");
	assert_int_equal(redirected, 1);
}

/* ---- what lasts */

static void insert_event(void)
{
	database_begin(c->database, DATABASE_RELAXED);
	database_change(c->database, "INSERT INTO audit (at, event) VALUES (1, 'x')", "");
}

static void test_refuse_keeps(void **state)
{
	(void)state;
	insert_event();
	refuse(c, INVALID_GRANT, "RFC 6749 5.2");
	assert_false(database_in_transaction(c->database));
	assert_int_equal(events("x"), 1);
	/* Also those that leave. */
	insert_event();
	assert_leaves(refuse_and_leave(c, INVALID_GRANT, "RFC 6749 5.2"));
	assert_int_equal(events("x"), 2);
	insert_event();
	assert_leaves(refuse_because_and_leave(c, INVALID_GRANT, "RFC 6749 5.2", "no"));
	assert_int_equal(events("x"), 3);
}

static void test_fail_undoes(void **state)
{
	(void)state;
	insert_event();
	response_header(c, "Set-Cookie", "a=b");
	buffer_text(&c->response.body, "half an answer");
	response_cache(c, 60);
	assert_leaves((fail)(c, "the secret reason %d", 7));
	assert_refused(500, "{\"error\":\"server_error\",\"error_description\":\"The server failed. Request " REQUEST_ID ".\"}");
	assert_string_equal(c->response.headers.data, "Content-Type: application/json\r\n");
	assert_false(c->response.cacheable);
	assert_int_equal(events("x"), 0);
	assert_contains(logged(), "error: the secret reason 7\n");
}

static void test_fail_with(void **state)
{
	(void)state;
	fixture.endpoint.answers = ANSWERS_PAGES;
	assert_leaves(fail_with(c, OTHER_SCHEMA, "schema 2, run latchkey upgrade"));
	assert_int_equal(c->response.status, 503);
	assert_contains(c->response.body.data, REQUEST_ID);
	assert_lacks(c->response.body.data, "latchkey upgrade");
	assert_contains(logged(), "error: schema 2, run latchkey upgrade\n");
}

/* Very long reasons are cut, not copied past their end. */
static void test_long_reason(void **state)
{
	char text[5000];
	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_leaves((fail)(c, "%s", text));
	assert_int_equal(c->response.status, 500);
}

/* ---- the log, and headers of their own */

static void test_log(void **state)
{
	int line;
	(void)state;
	line = __LINE__ + 1;
	refuse(c, INVALID_GRANT, "RFC 7636 4.6");
	assert_contains(logged(), arena_format(fixture.arena, REQUEST_ID " info: refused: invalid_grant (RFC 7636 4.6) "
		"The authorization code is not valid. at %s:%d\n", __FILE__, line));
	refuse(c, TOKEN_MISSING, "RFC 6750 3.1");
	assert_contains(logged(), "refused: no token (RFC 6750 3.1)");
}

static void test_retry_after(void **state)
{
	(void)state;
	refuse(c, TEMPORARILY_UNAVAILABLE, "RFC 9110 15.6.4");
	assert_int_equal(c->response.status, 503);
	assert_header("Retry-After: 5");
	fixture_reset_response();
	refuse(c, TOO_MANY_REQUESTS, "RFC 6585 4");
	assert_int_equal(c->response.status, 429);
	assert_header("Retry-After: 300");
}

/* ---- parameters */

static const struct parameter table[] = {
	{ "a", is_visible_ascii, 4, false },
	{ "b", is_visible_ascii, 4, false },
	{ 0 },
};

static void require(const char *query, const char *name, const char *description)
{
	fixture_reset_response();
	get(table, query);
	if (!description) {
		must_return(parameters_require(c, name));
		return;
	}
	assert_leaves(parameters_require(c, name));
	assert_refused(400, arena_format(fixture.arena, "{\"error\":\"invalid_request\",\"error_description\":\"%s\"}", description));
}

static void test_parameters(void **state)
{
	static const struct {
		const char *query, *name, *description; /* NULL: fine */
	} rows[] = {
		{ "", NULL, NULL },
		{ "a=1&b=2&x=%&x=", NULL, NULL },
		{ "a=1&a=2", NULL, "The parameter a is repeated." },
		{ "a=1&b=12345", NULL, "The parameter b is too long." },
		{ "a=1&b=12345", "a", NULL },
		{ "a=1&b=12345", "b", "The parameter b is too long." },
		{ "a=%zz", NULL, "The parameter a is malformed." },
		{ "a=%00", NULL, "The parameter a is malformed." },
		{ "a=%ff", NULL, "The parameter a is malformed." },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		require(rows[i].query, rows[i].name, rows[i].description);
}

static const char *value;

static void test_parameter_require(void **state)
{
	(void)state;
	get(table, "a=1&b=");
	must_return(value = parameter_require(c, "a", "RFC 6749 4.1.1"));
	assert_string_equal(value, "1");
	assert_leaves(parameter_require(c, "b", "RFC 6749 4.1.1"));
	assert_refused(400, "{\"error\":\"invalid_request\",\"error_description\":\"The parameter b is missing.\"}");
	assert_contains(logged(), "(RFC 6749 4.1.1)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_catalogue),
		context_test(test_json),
		context_test(test_bearer),
		context_test(test_page),
		context_test(test_plain),
		context_test(test_redirect),
		context_test(test_refuse_keeps),
		context_test(test_fail_undoes),
		context_test(test_fail_with),
		context_test(test_long_reason),
		context_test(test_log),
		context_test(test_retry_after),
		context_test(test_parameters),
		context_test(test_parameter_require),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
