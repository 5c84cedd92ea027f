#include "lib/crypto/seal.h"
#include "lib/http/parameters.h"
#include "lib/protocol/pushed_request.h"
#include "lib/records/pushed_request_store.h"
#include "tests/unit/context_fixture.h"

static const struct parameter table[] = {
	{ "client_id", is_printable_ascii, 255, false },
	{ "client_secret", is_printable_ascii, 255, false },
	{ "request_uri", is_uri, 2048, false },
	{ "scope", is_words, 255, false },
	{ "state", is_bytes, 255, false },
	{ "resource", is_uri, 255, true },
	{ 0 },
};

static const unsigned char *hash;
static const char *uri;

static const char *push(const char *body)
{
	post(table, body);
	must_return(uri = pushed_request_keep(c, "app"));
	return uri;
}

/* The request that names a pushed one, and what else stands beside it. */
static void send(const char *client_id, const char *request_uri, const char *more)
{
	fixture_reset_response();
	fixture.endpoint.answers = ANSWERS_PAGES;
	fixture.endpoint.parameters = table;
	get(table, arena_format(fixture.arena, "client_id=%s&request_uri=%s%s", client_id, form_encode(fixture.arena, request_uri), more));
}

static void refused(const char *client_id, const char *request_uri)
{
	send(client_id, request_uri, "");
	assert_leaves(pushed_request_take(c));
	assert_int_equal(c->response.status, 400);
	assert_contains(c->response.body.data, "invalid_request_uri");
	assert_lacks(c->response.headers.data, "Location");
}

static void test_both_ways(void **state)
{
	(void)state;
	add_account();
	push("client_id=app&client_secret=secret&scope=openid+email&state=%ff%26%0a&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example");
	assert_true(text_starts_with(uri, PUSHED_REQUEST_PREFIX));
	assert_int_equal(strlen(uri), strlen(PUSHED_REQUEST_PREFIX) + 43);
	/* Nothing of it can be read, and what the request_uri opens has no client secret. */
	const char *token = uri + strlen(PUSHED_REQUEST_PREFIX), *stored = text_of("SELECT parameters FROM pushed_requests");
	assert_lacks(stored, "openid");
	assert_lacks(stored, token);
	const char *form = unseal_by_token(fixture.arena, token, "pushed_requests.parameters:app", stored);
	assert_non_null(form);
	assert_contains(form, "openid");
	assert_lacks(form, "secret");

	/* What else stands beside it was never checked, and is ignored. */
	send("app", uri, "&scope=openid+admin&state=x");
	must_return(hash = pushed_request_take(c));
	assert_memory_equal(hash, sha256_of(fixture.arena, uri + strlen(PUSHED_REQUEST_PREFIX)), SHA256_BYTES);
	assert_string_equal(parameter(c, "client_id"), "app");
	assert_string_equal(parameter(c, "scope"), "openid email");
	assert_string_equal(parameter(c, "state"), "\xff&\n");
	assert_string_equal(parameter_at(c, "resource", 1), "https://b.example");
	assert_null(parameter(c, "client_secret"));
	assert_null(parameter(c, "request_uri"));
	/* Looked at again (a reload), it is still there; it ends with the code. */
	send("app", uri, "");
	must_return(hash = pushed_request_take(c));
	assert_non_null(hash);
	database_begin(c->database, DATABASE_RELAXED);
	assert_true(pushed_request_remove(c->database, hash));
	assert_false(pushed_request_remove(c->database, hash));
	database_commit(c->database);
	refused("app", uri);
}

static const char *hex_of(const unsigned char *bytes)
{
	struct buffer text = buffer_create(fixture.arena, 65);
	for (int i = 0; i < SHA256_BYTES; i++)
		buffer_format(&text, "%02x", bytes[i]);
	return text.data;
}

static void replace_parameters(const char *of, const char *parameters)
{
	const unsigned char *key = sha256_of(fixture.arena, of + strlen(PUSHED_REQUEST_PREFIX));
	database_begin(c->database, DATABASE_RELAXED);
	assert_true(pushed_request_remove(c->database, key));
	pushed_request_insert(c->database, &(struct pushed_request){ .request_hash = key, .client_id = "app", .parameters = parameters, .expires_at = c->now + 60 });
	database_commit(c->database);
}

static void test_refusing(void **state)
{
	(void)state;
	add_account();
	struct client other = sample_client("other");
	add_client(&other);
	push("client_id=app&scope=openid");
	refused("other", uri);
	refused("", uri);
	refused("app", PUSHED_REQUEST_PREFIX);
	refused("app", PUSHED_REQUEST_PREFIX "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	refused("app", arena_format(fixture.arena, "%sA", uri));
	/* One that does not open: another's parameters in its row, or those that an older version stored in clear. */
	const char *first = uri;
	push("client_id=app&scope=openid+admin");
	const char *const others[] = { text_of(arena_format(fixture.arena, "SELECT parameters FROM pushed_requests WHERE request_hash = x'%s'",
		hex_of(sha256_of(fixture.arena, uri + strlen(PUSHED_REQUEST_PREFIX))))), "client_id=app&scope=openid" };
	for (size_t i = 0; i < 2; i++) {
		replace_parameters(first, others[i]);
		refused("app", first);
	}
	c->now = NOW + fixture.config.pushed_request_seconds;
	refused("app", uri);
	/* Extended to the end of the flow that it became. */
	database_begin(c->database, DATABASE_RELAXED);
	pushed_request_extend(c->database, sha256_of(fixture.arena, uri + strlen(PUSHED_REQUEST_PREFIX)), NOW + 1800);
	database_commit(c->database);
	send("app", uri, "");
	must_return(hash = pushed_request_take(c));
	assert_non_null(hash);
}

/* Another request_uri, or none, is not its business. */
static void test_others(void **state)
{
	(void)state;
	send("app", "https://app.example/request.jwt", "&scope=openid");
	must_return(hash = pushed_request_take(c));
	assert_null(hash);
	assert_string_equal(parameter(c, "scope"), "openid");
	get(table, "client_id=app&scope=openid");
	must_return(hash = pushed_request_take(c));
	assert_null(hash);
}

/* Expired ones go along with new ones. */
static void test_cleanup(void **state)
{
	(void)state;
	add_account();
	for (int i = 0; i < 3; i++)
		push("scope=openid");
	assert_int_equal(number_of("SELECT count(*) FROM pushed_requests"), 3);
	c->now = NOW + 3600;
	push("scope=openid");
	assert_int_equal(number_of("SELECT count(*) FROM pushed_requests"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_both_ways),
		context_test(test_refusing),
		context_test(test_others),
		context_test(test_cleanup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
