#include "lib/http/parameters.h"
#include "lib/identity/attempts.h"
#include "lib/identity/flow.h"
#include "tests/unit/context_fixture.h"

static const struct parameter table[] = { FLOW_PARAMETER, { 0 } };
static const struct flow *found;
static struct flow flow;

static void open_flow(void)
{
	flow = (struct flow){ .client_id = "app", .redirect_uri = "https://app.example/cb", .response_mode = "query", .scope = "openid",
		.max_age = -1, .address = "192.0.2.7", .created_at = c->now, .expires_at = c->now + 1800 };
	fixture_reset_response();
	must_return(flow_open(c, &flow));
}

static const char *purpose(const struct flow *of)
{
	return arena_format(fixture.arena, "flow-%s", of->flow_id);
}

static void refused(const char *query, const char *description)
{
	fixture_reset_response();
	get(table, query);
	assert_leaves(flow_require(c));
	assert_refused(400, arena_format(fixture.arena, "{\"error\":\"invalid_request\",\"error_description\":\"%s\"}", description));
}

static void test_open(void **state)
{
	(void)state;
	add_account();
	open_flow();
	assert_int_equal(strlen(flow.flow_id), 24);
	assert_true(is_base64url(flow.flow_id));
	const char *secret = cookie_answered(purpose(&flow));
	assert_int_equal(strlen(secret), 43);
	assert_contains(c->response.headers.data, "; Max-Age=1800");
	const struct flow *stored = flow_find(c->database, flow.flow_id, NOW);
	assert_non_null(stored);
	assert_memory_equal(stored->secret_hash, sha256_of(fixture.arena, secret), SHA256_BYTES);
	assert_string_equal(stored->scope, "openid");
	/* Another one is another one; later ones sort after it. */
	const char *earlier = flow.flow_id;
	c->now = NOW + 1;
	open_flow();
	assert_true(strcmp(earlier, flow.flow_id) < 0);
	assert_string_not_equal(secret, cookie_answered(purpose(&flow)));
}

static void test_require(void **state)
{
	(void)state;
	add_account();
	open_flow();
	struct flow first = flow;
	const char *secret = cookie_answered(purpose(&first));
	open_flow();
	const char *other_secret = cookie_answered(purpose(&flow));
	const char *query = arena_format(fixture.arena, "flow=%s", first.flow_id);

	get(table, query);
	send_cookie(purpose(&first), secret);
	must_return(found = flow_require(c));
	assert_string_equal(found->flow_id, first.flow_id);
	assert_string_equal(flow_secret(c, found), secret);

	/* Another browser, or another tab's cookie. */
	send_cookie("x", NULL);
	refused(query, "This sign-in has ended or belongs to another browser.");
	send_cookie(purpose(&first), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	refused(query, "This sign-in has ended or belongs to another browser.");
	send_cookie(purpose(&first), other_secret);
	refused(query, "This sign-in has ended or belongs to another browser.");
	send_cookie(purpose(&flow), other_secret);
	refused(query, "This sign-in has ended or belongs to another browser.");

	/* No such flow; no flow at all. */
	send_cookie("flow-nothing", secret);
	refused("flow=nothing", "This sign-in has ended or belongs to another browser.");
	send_cookie(purpose(&first), secret);
	refused("", "The parameter flow is missing.");
	refused(arena_format(fixture.arena, "%s&%s", query, query), "The parameter flow is missing.");

	/* Over. */
	c->now = NOW + 1801;
	refused(query, "This sign-in has ended or belongs to another browser.");
}

static void does_not_open(const char *sealed)
{
	static struct flow changed;
	changed = *found;
	changed.id_token_hint = sealed;
	fixture_reset_response();
	assert_leaves(flow_id_token_hint(c, &changed));
	assert_refused(400, "{\"error\":\"invalid_request\",\"error_description\":\"This sign-in has ended or belongs to another browser.\"}");
}

/* The ID token is in the database, but who has the database alone cannot read it. */
static void test_hint(void **state)
{
	static const char token[] = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2lnbmF0dXJl";
	static const char *opened;
	(void)state;
	add_account();
	open_flow();
	assert_null(text_of("SELECT id_token_hint FROM flows"));
	flow = (struct flow){ .client_id = "app", .max_age = -1, .id_token_hint = token, .created_at = c->now, .expires_at = c->now + 1800 };
	fixture_reset_response();
	must_return(flow_open(c, &flow));
	const char *stored = text_of(arena_format(fixture.arena, "SELECT id_token_hint FROM flows WHERE flow_id = '%s'", flow.flow_id));
	assert_non_null(stored);
	assert_lacks(stored, "eyJ");

	const char *secret = cookie_answered(purpose(&flow));
	get(table, arena_format(fixture.arena, "flow=%s", flow.flow_id));
	send_cookie(purpose(&flow), secret);
	must_return(found = flow_require(c));
	must_return(opened = flow_id_token_hint(c, found));
	assert_string_equal(opened, token);

	/* Written into another flow, tampered with, or as an older version stored it. */
	const char *sealed = found->id_token_hint;
	does_not_open(arena_format(fixture.arena, "%sAAAA", sealed));
	does_not_open("v1.AAAA");
	does_not_open(token);
	does_not_open("");
	open_flow();
	found = &flow;
	send_cookie(purpose(found), cookie_answered(purpose(found)));
	does_not_open(sealed);
}

static void test_urls(void **state)
{
	struct flow of = { .flow_id = "abc" };
	(void)state;
	assert_string_equal(flow_url(c, "login", &of), ISSUER "/cgi-bin/login?flow=abc");
	fixture.config.endpoint_path = "";
	assert_int_equal(flow_go_to(c, "consent", &of), OUTCOME_ANSWERED);
	assert_int_equal(c->response.status, 303);
	assert_header("Location: " ISSUER "/consent?flow=abc");
}

static void test_alone(void **state)
{
	(void)state;
	fixture.endpoint.name = "login";
	assert_leaves(flow_open_alone(c));
	assert_int_equal(c->response.status, 303);
	assert_contains(c->response.headers.data, "Location: " ISSUER "/cgi-bin/login?flow=");
	assert_int_equal(number_of("SELECT count(*) FROM flows WHERE client_id IS NULL AND max_age IS NULL"), 1);
}

/* From the account page: nobody but who was signed in, and not without proving it. */
static void test_again(void **state)
{
	(void)state;
	add_account();
	fixture.endpoint.name = "login";
	assert_leaves(flow_open_again(c, "u1"));
	assert_contains(c->response.headers.data, "Location: " ISSUER "/cgi-bin/login?flow=");
	assert_int_equal(number_of("SELECT count(*) FROM flows WHERE client_id IS NULL AND prompt = 'login' AND required_user_id = 'u1'"), 1);
}

static void test_go_on(void **state)
{
	struct flow of = { .flow_id = "abc", .client_id = "app" };
	(void)state;
	flow_go_on(c, &of);
	assert_header("Location: " ISSUER "/cgi-bin/authorize?flow=abc");
	fixture_reset_response();
	of.client_id = NULL;
	flow_go_on(c, &of);
	assert_header("Location: " ISSUER "/account/");
	assert_string_equal(cookie_answered("flow-abc"), "");
}

/* Anonymous requests must not fill the disk. */
static void test_limit(void **state)
{
	(void)state;
	add_account();
	fixture.config.flow_limit_address = 3;
	for (int i = 0; i < 3; i++)
		open_flow();
	fixture_reset_response();
	assert_leaves(flow_open(c, &flow));
	assert_refused(429, "{\"error\":\"temporarily_unavailable\",\"error_description\":\"Too many requests; try again in a few minutes.\"}");
	assert_header("Retry-After: 300");
	assert_lacks(c->response.headers.data, "Set-Cookie");
	assert_int_equal(number_of("SELECT count(*) FROM flows"), 3);
	/* Another address may; and the same later. */
	c->request.address = "192.0.2.8";
	open_flow();
	c->request.address = "192.0.2.7";
	c->now = NOW + 1801;
	open_flow();
	/* Expired ones went along. */
	assert_true(number_of("SELECT count(*) FROM flows") <= 2);
	fixture.config.flow_limit_address = 0;
	for (int i = 0; i < 5; i++)
		open_flow();
}

/* A browser full of flows gives up its oldest one: servers refuse requests with too many cookies. */
static void test_many_cookies(void **state)
{
	struct buffer cookies = buffer_create(fixture.arena, 4096);
	(void)state;
	add_account();
	for (int i = 30; i > 7; i--)
		buffer_format(&cookies, "%s=x; ", cookie_name(c, arena_format(fixture.arena, "flow-%08d", i)));
	c->request.cookie = cookies.data;
	open_flow();
	assert_lacks(c->response.headers.data, "Max-Age=0");
	buffer_format(&cookies, "%s=x", cookie_name(c, "flow-00000007"));
	c->request.cookie = cookies.data;
	open_flow();
	assert_string_equal(cookie_answered("flow-00000007"), "");
	assert_null(cookie_answered("flow-00000008"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_open),
		context_test(test_require),
		context_test(test_hint),
		context_test(test_urls),
		context_test(test_alone),
		context_test(test_again),
		context_test(test_go_on),
		context_test(test_limit),
		context_test(test_many_cookies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
