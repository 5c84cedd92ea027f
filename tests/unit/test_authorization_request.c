/* The checks of an authorization request, in their order: each row breaks one thing, later things may be broken too. */
#include "lib/http/html.h"
#include "lib/http/parameters.h"
#include "lib/protocol/authorization_request.h"
#include "lib/records/resource_store.h"
#include "tests/unit/context_fixture.h"

static const struct parameter table[] = { AUTHORIZATION_REQUEST_PARAMETERS, { 0 } };
static const struct client *client;
static struct flow *flow;

#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define URI "redirect_uri=https%3A%2F%2Fapp.example%2Fcb"
#define TO_CLIENT "client_id=app&" URI
#define PKCE "&code_challenge=" CHALLENGE "&code_challenge_method=S256"
#define GOOD TO_CLIENT "&response_type=code&scope=openid" PKCE

static void add(const char *client_id, const char *secret, const char *pkce, const char *grants, const char *scope, const char *handling)
{
	struct client row = sample_client(client_id);
	row.secret = secret;
	row.pkce = pkce;
	row.grant_types = grants;
	row.scope = scope;
	row.resource_handling = handling;
	add_client(&row);
}

static void add_clients(void)
{
	add("app", "sealed", "required", "authorization_code", "openid profile email", "honour");
	add("nonce", "sealed", "nonce", "authorization_code", "openid", "honour");
	add("optional", "sealed", "optional", "authorization_code", "openid", "ignore");
	add("machine", "sealed", "required", "client_credentials", "openid", "honour");
	add("no-openid", "sealed", "required", "authorization_code", "profile", "honour");
	add("off", "sealed", "required", "authorization_code", "openid", "honour");
	database_begin(c->database, DATABASE_RELAXED);
	database_change(c->database, "UPDATE clients SET disabled_at = 1 WHERE client_id = 'off'", "");
	database_commit(c->database);
}

static void send(const char *query)
{
	fixture_reset_response();
	fixture.endpoint.answers = ANSWERS_PAGES;
	c->answer_error = NULL;
	get(table, query);
}

static void passes(const char *query)
{
	send(query);
	must_return(flow = authorization_request_require(c, NULL, &client));
	assert_null(flow->flow_id);
	assert_string_equal(flow->client_id, client->client_id);
}

/* An error page: the browser is sent nowhere. */
static void page(const char *query, const char *code, const char *description)
{
	send(query);
	assert_leaves(authorization_request_require(c, NULL, &client));
	assert_int_equal(c->response.status, 400);
	assert_lacks(c->response.headers.data, "Location");
	struct buffer escaped = buffer_create(fixture.arena, 64);
	html_escape(&escaped, description);
	assert_contains(c->response.body.data, arena_format(fixture.arena, "<dd>%s</dd>", escaped.data));
	assert_contains(c->response.body.data, arena_format(fixture.arena, "<code>%s</code>", code));
}

/* An error that goes back to the client. */
static void back(const char *query, const char *code, const char *description)
{
	send(query);
	assert_leaves(authorization_request_require(c, NULL, &client));
	assert_int_equal(c->response.status, 303);
	const char *start = arena_format(fixture.arena, "Location: https://app.example/cb?error=%s&error_description=%s", code,
		form_encode(fixture.arena, description));
	assert_contains(c->response.headers.data, start);
	assert_contains(c->response.headers.data, "iss=https%3A%2F%2Fid.example.org\r\n");
}

/* Until client and redirect URI are verified, whatever else is wrong (RFC 6749 4.1.2.1). */
static void test_pages(void **state)
{
	(void)state;
	add_clients();
	page("", "invalid_request", "The parameter client_id is missing.");
	page(URI "&client_id=", "invalid_request", "The parameter client_id is missing.");
	page("client_id=app&client_id=app&" URI, "invalid_request", "The parameter client_id is repeated.");
	page("client_id=%00&" URI, "invalid_request", "The parameter client_id is malformed.");
	page("client_id=nobody&" URI, "invalid_client", UNKNOWN_CLIENT->description);
	page("client_id=off&" URI, "invalid_client", UNKNOWN_CLIENT->description);
	page("client_id=app", "invalid_request", "The parameter redirect_uri is missing.");
	page("client_id=app&redirect_uri=", "invalid_request", "The parameter redirect_uri is missing.");
	page("client_id=app&" URI "&" URI, "invalid_request", "The parameter redirect_uri is repeated.");
	page("client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2F%C3%A4", "invalid_request", "The parameter redirect_uri is malformed.");
	page("client_id=app&redirect_uri=https%3A%2F%2Fevil.example%2Fcb", "invalid_request", UNKNOWN_REDIRECT_URI->description);
	page("client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%2F", "invalid_request", UNKNOWN_REDIRECT_URI->description);
	/* Nothing of what is broken besides tempts it away. */
	page("client_id=app&redirect_uri=https%3A%2F%2Fevil.example%2Fcb&response_type=token&state=%ff&prompt=none+login", "invalid_request",
		UNKNOWN_REDIRECT_URI->description);
}

static void test_errors_in_order(void **state)
{
	static const struct {
		const char *query, *code, *description;
	} rows[] = {
		{ TO_CLIENT "&response_mode=fragment&nonce=%ff&request=a", "invalid_request", "Only response_mode query and form_post are supported." },
		{ TO_CLIENT "&response_mode=query.jwt", "invalid_request", "Only response_mode query and form_post are supported." },
		{ TO_CLIENT "&nonce=%ff&request=a&response_type=token", "invalid_request", "The parameter nonce is malformed." },
		{ TO_CLIENT "&state=1&state=2&request=a", "invalid_request", "The parameter state is repeated." },
		{ TO_CLIENT "&scope=openid&scope=openid", "invalid_request", "The parameter scope is repeated." },
		{ TO_CLIENT "&scope=a%20%20b", "invalid_request", "The parameter scope is malformed." },
		{ TO_CLIENT "&max_age=-1", "invalid_request", "The parameter max_age is malformed." },
		{ TO_CLIENT "&max_age=1e3", "invalid_request", "The parameter max_age is malformed." },
		{ TO_CLIENT "&code_challenge=short", "invalid_request", "The parameter code_challenge is malformed." },
		{ TO_CLIENT "&response_mode=a&response_mode=b", "invalid_request", "The parameter response_mode is repeated." },
		{ TO_CLIENT "&request=a.b.c&request_uri=https%3A%2F%2Fapp.example%2Fr&registration=%7B%7D&response_type=token", "request_not_supported",
			"The request parameter is not supported." },
		{ TO_CLIENT "&request_uri=https%3A%2F%2Fapp.example%2Fr&registration=%7B%7D&response_type=token", "request_uri_not_supported",
			"The request_uri parameter is not supported." },
		{ TO_CLIENT "&registration=%7B%7D&response_type=token", "registration_not_supported", "The registration parameter is not supported." },
		{ TO_CLIENT "&scope=profile", "invalid_request", "The parameter response_type is missing." },
		{ TO_CLIENT "&response_type=&scope=profile", "invalid_request", "The parameter response_type is missing." },
		{ TO_CLIENT "&response_type=token&scope=profile", "unsupported_response_type", "Only response_type=code is supported." },
		{ TO_CLIENT "&response_type=id_token", "unsupported_response_type", "Only response_type=code is supported." },
		{ TO_CLIENT "&response_type=code+id_token", "unsupported_response_type", "Only response_type=code is supported." },
		{ TO_CLIENT "&response_type=CODE", "unsupported_response_type", "Only response_type=code is supported." },
		{ "client_id=machine&" URI "&response_type=code", "unauthorized_client", "The client may not do this." },
		{ TO_CLIENT "&response_type=code&code_challenge_method=plain", "invalid_scope", "The scope must contain openid." },
		{ TO_CLIENT "&response_type=code&scope=profile+openidx", "invalid_scope", "The scope must contain openid." },
		{ "client_id=no-openid&" URI "&response_type=code&scope=openid+profile", "invalid_scope", "The client may not ask for the scope openid." },
		{ TO_CLIENT "&response_type=code&scope=openid&code_challenge_method=S256&prompt=none+login", "invalid_request",
			"code_challenge_method stands without code_challenge." },
		{ TO_CLIENT "&response_type=code&scope=openid&code_challenge=" CHALLENGE, "invalid_request", "Only code_challenge_method=S256 is supported." },
		{ TO_CLIENT "&response_type=code&scope=openid&code_challenge_method=plain&code_challenge=" CHALLENGE, "invalid_request",
			"Only code_challenge_method=S256 is supported." },
		{ TO_CLIENT "&response_type=code&scope=openid&code_challenge_method=s256&code_challenge=" CHALLENGE, "invalid_request",
			"Only code_challenge_method=S256 is supported." },
		{ TO_CLIENT "&response_type=code&scope=openid&code_challenge_method=S256&code_challenge=" CHALLENGE "a", "invalid_request",
			"An S256 code_challenge has 43 characters." },
		{ TO_CLIENT "&response_type=code&scope=openid", "invalid_request",
			"code_challenge is missing (for a confidential client the operator can set pkce to nonce or optional)." },
		{ TO_CLIENT "&response_type=code&scope=openid&nonce=a", "invalid_request",
			"code_challenge is missing (for a confidential client the operator can set pkce to nonce or optional)." },
		{ "client_id=nonce&" URI "&response_type=code&scope=openid&prompt=none+login", "invalid_request",
			"Without code_challenge this client needs a nonce (the operator can set pkce to optional)." },
		{ GOOD "&prompt=none+login", "invalid_request", "prompt=none stands alone." },
		{ GOOD "&prompt=consent+none", "invalid_request", "prompt=none stands alone." },
		{ GOOD "&acr_values=a+b+c+d+e+f+g+h+i+j+k", "invalid_request", "acr_values has more than 10 words." },
	};
	(void)state;
	add_clients();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		back(rows[i].query, rows[i].code, rows[i].description);
}

static void test_pkce_policies(void **state)
{
	(void)state;
	add_clients();
	passes(GOOD);
	assert_string_equal(flow->code_challenge, CHALLENGE);
	passes("client_id=nonce&" URI "&response_type=code&scope=openid&nonce=n");
	assert_null(flow->code_challenge);
	passes("client_id=nonce&" URI "&response_type=code&scope=openid" PKCE);
	passes("client_id=optional&" URI "&response_type=code&scope=openid");
	passes("client_id=optional&" URI "&response_type=code&scope=openid" PKCE);
	assert_string_equal(flow->code_challenge, CHALLENGE);
	back("client_id=optional&" URI "&response_type=code&scope=openid&code_challenge_method=plain&code_challenge=" CHALLENGE, "invalid_request",
		"Only code_challenge_method=S256 is supported.");
}

/* The state comes back with errors as well, to the byte. */
static void test_state(void **state)
{
	(void)state;
	add_clients();
	back(TO_CLIENT "&state=a+b%26%3D%C3%A4%0a%ff", "invalid_request", "The parameter response_type is missing.");
	assert_contains(c->response.headers.data, "&state=a%20b%26%3D%C3%A4%0A%FF&iss=");
	back(TO_CLIENT "&state=", "invalid_request", "The parameter response_type is missing.");
	assert_lacks(c->response.headers.data, "state");
	fixture.config.iss_parameter = false;
	send(TO_CLIENT "&state=x");
	assert_leaves(authorization_request_require(c, NULL, &client));
	assert_lacks(c->response.headers.data, "iss=");
	fixture.config.iss_parameter = true;
	passes(GOOD "&state=%ff%01");
	assert_string_equal(flow->state, "\xff\x01");
}

static void refuses_form_state(const char *value)
{
	send(arena_format(fixture.arena, "%s&response_mode=form_post&state=%s", GOOD, value));
	assert_leaves(authorization_request_require(c, NULL, &client));
	assert_contains(c->response.body.data, "name=\"error\" value=\"invalid_request\"");
	assert_lacks(c->response.body.data, "name=\"state\"");
}

static void test_form_post(void **state)
{
	(void)state;
	add_clients();
	passes(GOOD "&response_mode=form_post&state=%C3%A4");
	assert_string_equal(flow->response_mode, "form_post");
	passes(GOOD "&response_mode=query");
	assert_string_equal(flow->response_mode, "query");
	passes(GOOD);
	assert_string_equal(flow->response_mode, "query");
	/* Errors go the same way. */
	send(TO_CLIENT "&response_mode=form_post&state=s1&response_type=token");
	assert_leaves(authorization_request_require(c, NULL, &client));
	assert_int_equal(c->response.status, 200);
	assert_contains(c->response.body.data, "<form method=\"post\" action=\"https://app.example/cb\"");
	assert_contains(c->response.body.data, "name=\"error\" value=\"unsupported_response_type\"");
	assert_contains(c->response.body.data, "name=\"state\" value=\"s1\"");
	assert_contains(c->response.body.data, "name=\"iss\" value=\"" ISSUER "\"");
	assert_lacks(c->response.headers.data, "form-action");
	/* What a form would change on its way cannot be the state. */
	refuses_form_state("%ff");
	refuses_form_state("a%0ab");
	refuses_form_state("a%0d");
}

static void add_resource(const char *uri)
{
	struct resource resource = { .resource = uri, .name = "An API", .created_at = NOW };
	database_begin(c->database, DATABASE_RELAXED);
	assert_true(resource_insert(c->database, &resource));
	database_commit(c->database);
}

/* RFC 8707 2 */
static void test_resource(void **state)
{
	(void)state;
	add_clients();
	add_resource("https://a.example/");
	back(GOOD "&resource=https%3A%2F%2Fb.example%2F", "invalid_target", "The resource is not known here.");
	back(GOOD "&resource=https%3A%2F%2Fa.example%2F&resource=https%3A%2F%2Fb.example%2F", "invalid_target", "The resource is not known here.");
	back(GOOD "&resource=%C3%A4", "invalid_target", "A resource is an absolute URI without a fragment.");
	back(GOOD "&resource=https%3A%2F%2Fa.example%2F%23x", "invalid_target", "A resource is an absolute URI without a fragment.");
	passes(GOOD "&resource=https%3A%2F%2Fa.example");
	assert_string_equal(flow->resource, "https://a.example/");
}

static void test_flow(void **state)
{
	(void)state;
	add_clients();
	add_resource("https://a.example/");
	add_resource("https://b.example/");
	passes("client_id=app&" URI "&response_type=code&scope=email+unheard+openid+phone" PKCE "&nonce=n%C3%A4&prompt=login+consent&max_age=60"
		"&login_hint=ada%40example.org&id_token_hint=a.b.c&claims=%7B%7D&resource=https%3A%2F%2Fa.example%2F&resource=https%3A%2F%2Fb.example%2F"
		"&display=page&approval_prompt=force&state=s");
	assert_string_equal(flow->redirect_uri, "https://app.example/cb");
	assert_string_equal(flow->scope, "email openid"); /* unknown and forbidden ones are dropped */
	assert_string_equal(flow->nonce, "n\xc3\xa4");
	assert_string_equal(flow->prompt, "login consent");
	assert_int_equal(flow->max_age, 60);
	assert_string_equal(flow->login_hint, "ada@example.org");
	assert_string_equal(flow->id_token_hint, "a.b.c");
	assert_string_equal(flow->claims, "{}");
	assert_string_equal(flow->resource, "https://a.example/ https://b.example/");
	assert_string_equal(flow->address, "192.0.2.7");
	assert_int_equal(flow->created_at, NOW);
	assert_int_equal(flow->expires_at, NOW + fixture.config.flow_seconds);
	assert_null(flow->required_user_id);
	assert_null(flow->selected_user_id);

	passes(GOOD);
	assert_string_equal(flow->scope, "openid");
	assert_int_equal(flow->max_age, -1);
	assert_null(flow->state);
	assert_null(flow->nonce);
	assert_null(flow->prompt);
	assert_null(flow->resource);
	assert_null(flow->claims);

	passes("client_id=optional&" URI "&response_type=code&scope=openid&resource=https%3A%2F%2Fgraph.microsoft.com");
	assert_null(flow->resource);
}

static void test_default_max_age(void **state)
{
	(void)state;
	add_clients();
	database_begin(c->database, DATABASE_RELAXED);
	database_change(c->database, "UPDATE clients SET default_max_age = 300", "");
	database_commit(c->database);
	passes(GOOD);
	assert_int_equal(flow->max_age, 300);
	assert_null(flow->acr_values);
	passes(GOOD "&acr_values=aal2+a+b+c+d+e+f+g+h+i");
	assert_string_equal(flow->acr_values, "aal2 a b c d e f g h i");
	passes(GOOD "&max_age=0");
	assert_int_equal(flow->max_age, 0);
	passes(GOOD "&max_age=999999999999999999");
	assert_true(flow->max_age == INT64_C(999999999999999999));
}

/* A flow that was stored: its client may be gone, or its address no longer registered. */
static void test_stored(void **state)
{
	struct flow stored = { .flow_id = "f", .client_id = "app", .redirect_uri = "https://app.example/cb" };
	(void)state;
	add_clients();
	send("");
	must_return(client = authorization_client_require(c, &stored));
	assert_string_equal(client->client_id, "app");
	assert_non_null(c->answer_error);
	stored.redirect_uri = "https://app.example/old";
	send("");
	assert_leaves(authorization_client_require(c, &stored));
	assert_int_equal(c->response.status, 400);
	stored.redirect_uri = "https://app.example/cb";
	stored.client_id = "off";
	send("");
	assert_leaves(authorization_client_require(c, &stored));
	assert_int_equal(c->response.status, 400);
	assert_lacks(c->response.headers.data, "Location");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_pages),
		context_test(test_errors_in_order),
		context_test(test_pkce_policies),
		context_test(test_state),
		context_test(test_form_post),
		context_test(test_resource),
		context_test(test_flow),
		context_test(test_default_max_age),
		context_test(test_stored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
