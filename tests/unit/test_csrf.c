#include "lib/http/parameters.h"
#include "lib/identity/csrf.h"
#include "tests/unit/context_fixture.h"

static const struct parameter table[] = { CSRF_PARAMETER, { 0 } };

static void send(const char *token, const char *origin, const char *fetch_site)
{
	fixture_reset_response();
	post(table, token ? arena_format(fixture.arena, "csrf=%s", token) : "");
	c->request.origin = origin;
	c->request.fetch_site = fetch_site;
}

static void passes(const char *token, const char *origin, const char *fetch_site)
{
	send(token, origin, fetch_site);
	must_return(csrf_require(c, "secret", "login"));
}

static void refused(const char *token, const char *origin, const char *fetch_site)
{
	send(token, origin, fetch_site);
	assert_leaves(csrf_require(c, "secret", "login"));
	assert_int_equal(c->response.status, 403);
}

static void test_token(void **state)
{
	(void)state;
	const char *token = csrf_token(c, "secret", "login");
	assert_int_equal(strlen(token), 43);
	assert_string_equal(token, csrf_token(c, "secret", "login"));
	assert_string_not_equal(token, csrf_token(c, "secret", "consent"));
	assert_string_not_equal(token, csrf_token(c, "secre", "tlogin"));
	assert_string_not_equal(token, csrf_token(c, "Secret", "login"));
	passes(token, NULL, NULL);
	refused(NULL, NULL, NULL);
	refused("", NULL, NULL);
	refused("x", NULL, NULL);
	refused(csrf_token(c, "secret", "consent"), NULL, NULL);
	refused(csrf_token(c, "other", "login"), NULL, NULL);
	refused(csrf_token(c, "", "login"), NULL, NULL);
	refused(arena_copy(fixture.arena, token, 42), NULL, NULL);
	refused(arena_format(fixture.arena, "%sA", token), NULL, NULL);
	/* Sent twice: which one is meant? */
	refused(arena_format(fixture.arena, "%s&csrf=%s", token, token), NULL, NULL);
}

/* What the browser says of where the form was: missing proves nothing, another site is refused. */
static void test_origin(void **state)
{
	static const char *const foreign[] = { "https://evil.example", "http://id.example.org", "https://id.example.org:8443",
		"https://id.example.org.evil.example", "https://id.example.org/", "null", "", "HTTPS://ID.EXAMPLE.ORG" };
	(void)state;
	const char *token = csrf_token(c, "secret", "login");
	passes(token, ISSUER, NULL);
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
		refused(token, foreign[i], NULL);
	/* An issuer with a path has an origin without it. */
	fixture.config.issuer = ISSUER "/tenant";
	passes(token, ISSUER, "same-origin");
	refused(token, ISSUER "/tenant", NULL);
}

static void test_fetch_site(void **state)
{
	(void)state;
	const char *token = csrf_token(c, "secret", "login");
	passes(token, ISSUER, "same-origin");
	passes(token, NULL, "same-origin");
	passes(token, NULL, "none");
	passes(token, NULL, "same-site");
	refused(token, NULL, "cross-site");
	refused(token, ISSUER, "cross-site");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_token),
		context_test(test_origin),
		context_test(test_fetch_site),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
