/* What access tokens are for: the resources of a request, and audience, scope, life and algorithm that follow. */
#include "lib/protocol/target.h"
#include "lib/records/resource_store.h"
#include "lib/records/scope_store.h"
#include "tests/unit/context_fixture.h"

#define A "https://a.example/api"
#define B "https://b.example"

static const struct parameter table[] = { TARGET_PARAMETER, TARGET_AUDIENCE_PARAMETER, { 0 } };
static struct client client;
static const char *words;
static struct target target;

static void add_resource(const char *uri, int64_t seconds, const char *alg)
{
	assert_true(resource_insert(c->database, &(struct resource){ .resource = uri, .name = uri, .access_token_seconds = seconds,
		.signing_alg = alg, .created_at = NOW }));
}

static void add_scope(const char *name, const char *resource)
{
	assert_true(scope_insert(c->database, &(struct registered_scope){ .scope = name, .description = name, .resource = resource, .created_at = NOW }));
}

static void add_all(void)
{
	client = sample_client("app");
	client.id_token_signed_response_alg = "PS256";
	database_begin(c->database, DATABASE_RELAXED);
	add_resource(A, 100, "ES256");
	add_resource(B, 0, NULL);
	add_resource("plain", 50, NULL);
	add_scope("a:read", A);
	add_scope("b:read", B);
	add_scope("manage", NULL);
	database_commit(c->database);
}

static void test_uri(void **state)
{
	static const char *const good[] = { "https://a", "https://a/b?c=d", "urn:example:api", "api://x", "a+b-c.1:x" };
	static const char *const bad[] = { "", "api", "/api", "//a/b", ":x", "https:", "https://a#", "https://a#b", "https://a b", "1a:x", "a_b:x", "https://a\"" };
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!target_is_uri(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (target_is_uri(bad[i]))
			fail_msg("%s", bad[i]);
}

static void test_resources(void **state)
{
	static const struct {
		const char *query, *words;
	} rows[] = {
		{ "", NULL },
		{ "resource=", NULL },
		{ "resource=https%3A%2F%2Fa.example%2Fapi", A },
		{ "resource=https%3A%2F%2Fb.example&resource=https%3A%2F%2Fa.example%2Fapi&resource=https%3A%2F%2Fb.example", B " " A },
		/* A parser of URLs writes it like this. */
		{ "resource=https%3A%2F%2Fb.example%2F", B },
		{ "resource=https%3A%2F%2Fid.example.org", ISSUER },
		{ "resource=https%3A%2F%2Fid.example.org%2F", ISSUER },
		/* No parameter of requests that have a user. */
		{ "audience=plain", NULL },
	};
	(void)state;
	add_all();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		get(table, rows[i].query);
		must_return(words = target_resources_require(c, &client));
		if (!text_equal(words, rows[i].words))
			fail_msg("%s: %s", rows[i].query, words);
	}
}

/* RFC 8707 2: unknown or malformed is invalid_target. */
static void test_unknown_resources(void **state)
{
	static const char *const queries[] = { "resource=https%3A%2F%2Fa.example", "resource=https%3A%2F%2Fa.example%2Fapi%2F",
		"resource=https%3A%2F%2Fa.example%2Fapi%23x", "resource=HTTPS%3A%2F%2Fa.example%2Fapi", "resource=plain", "resource=%C3%A4",
		"resource=https%3A%2F%2Fa.example%2Fapi+https%3A%2F%2Fb.example", "resource=https%3A%2F%2Fa.example%2Fapi&resource=x%3Ay",
		"resource=https%3A%2F%2Fid.example.org%2Fx", "resource=%0A", "resource=https%3A%2F%2F", "resource=%20" };
	(void)state;
	add_all();
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		fixture_reset_response();
		get(table, queries[i]);
		assert_leaves(target_resources_require(c, &client));
		assert_int_equal(c->response.status, 400);
		assert_contains(c->response.body.data, "\"invalid_target\"");
	}
	struct buffer many = buffer_create(fixture.arena, 512);
	for (int i = 0; i <= TARGET_RESOURCES_MOST; i++)
		buffer_text(&many, "resource=https%3A%2F%2Fb.example&");
	get(table, many.data);
	assert_leaves(target_resources_require(c, &client));
}

static void test_ignored(void **state)
{
	struct grant grant = { .scope = "openid", .resource = A };
	(void)state;
	add_all();
	client.resource_handling = "ignore";
	get(table, "resource=https%3A%2F%2Fgraph.example&resource=%C3%A4&audience=x");
	must_return(words = target_resources_require(c, &client));
	assert_null(words);
	must_return(words = target_audience_require(c, &client));
	assert_null(words);
	must_return(target = target_of_grant_require(c, &client, &grant));
	assert_string_equal(target.audience, ISSUER);
}

static void test_audience(void **state)
{
	(void)state;
	add_all();
	get(table, "audience=plain");
	must_return(words = target_audience_require(c, &client));
	assert_string_equal(words, "plain");
	get(table, "audience=plain&resource=https%3A%2F%2Fb.example");
	must_return(words = target_audience_require(c, &client));
	assert_string_equal(words, B " plain");
	get(table, "audience=unknown");
	assert_leaves(target_audience_require(c, &client));
	assert_contains(c->response.body.data, "\"invalid_target\"");
}

static void is(const char *resources, const char *scope, const char *audience, const char *expected, int64_t seconds, const char *alg)
{
	must_return(target = target_require(c, &client, resources, scope));
	assert_string_equal(target.audience, audience);
	assert_string_equal(target.scope, expected);
	assert_int_equal(target.seconds, seconds);
	assert_string_equal(target.signing_alg, alg);
}

#define ALL "openid a:read b:read manage gone"

static void test_target(void **state)
{
	(void)state;
	add_all();
	is(NULL, "openid email", ISSUER, "openid email", 600, "PS256");
	is(NULL, ALL, ISSUER, "openid a:read b:read manage", 600, "PS256");
	is(ISSUER, ALL, ISSUER, "openid manage", 600, "PS256");
	is(A, ALL, A, "a:read", 100, "ES256");
	is(B, ALL, B, "b:read", 600, "RS256");
	is(B " " A, ALL, B " " A, "a:read b:read", 100, "RS256");
	is(A " " ISSUER, ALL, A " " ISSUER, "openid a:read manage", 100, "ES256");
	is("plain", ALL, "plain", "", 50, "RS256");
	client.access_token_seconds = 20;
	is(B, ALL, B, "b:read", 20, "RS256");
	is(A, ALL, A, "a:read", 100, "ES256");
	is(A " " B, ALL, A " " B, "a:read b:read", 20, "ES256");
	/* Removed since. */
	assert_leaves(target_require(c, &client, "https://gone.example", "openid"));
	assert_contains(c->response.body.data, "\"invalid_target\"");
}

static void of_grant(const char *query, const char *granted, const char *audience)
{
	static struct grant grant;
	grant = (struct grant){ .scope = "openid a:read", .resource = granted };
	fixture_reset_response();
	get(table, query);
	if (!audience) {
		assert_leaves(target_of_grant_require(c, &client, &grant));
		assert_contains(c->response.body.data, "\"invalid_target\"");
		return;
	}
	must_return(target = target_of_grant_require(c, &client, &grant));
	assert_string_equal(target.audience, audience);
}

#define NAMES_A "resource=https%3A%2F%2Fa.example%2Fapi"
#define NAMES_B "resource=https%3A%2F%2Fb.example"
#define NAMES_ISSUER "resource=https%3A%2F%2Fid.example.org"

/* RFC 8707 2.2: some of what the grant has, never more. */
static void test_of_grant(void **state)
{
	(void)state;
	add_all();
	of_grant("", NULL, ISSUER);
	of_grant("", A, A);
	of_grant("", A " " B, A " " B);
	of_grant(NAMES_A, A, A);
	of_grant(NAMES_B, A " " B, B);
	of_grant(NAMES_B "&" NAMES_A, A " " B, B " " A);
	of_grant(NAMES_ISSUER, NULL, ISSUER);
	of_grant(NAMES_ISSUER, ISSUER " " A, ISSUER);
	of_grant(NAMES_ISSUER, A, NULL);
	of_grant(NAMES_B, A, NULL);
	of_grant(NAMES_A "&" NAMES_B, A, NULL);
	of_grant(NAMES_A, NULL, NULL);
	of_grant("resource=nonsense", A, NULL);
	of_grant("audience=plain", A, A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_uri),
		context_test(test_resources),
		context_test(test_unknown_resources),
		context_test(test_ignored),
		context_test(test_audience),
		context_test(test_target),
		context_test(test_of_grant),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
