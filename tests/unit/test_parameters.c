#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/base/buffer.h"
#include "lib/http/context.h"

static const struct parameter table[] = {
	{ "client_id", is_visible_ascii, 20, false },
	{ "scope", is_words, 50, false },
	{ "resource", is_uri, 50, true },
	{ "state", is_bytes, 10, false },
	{ NULL, NULL, 0, false },
};

static struct arena *arena;
static struct context context;
static struct context *const c = &context;

static int set_up(void **state)
{
	(void)state;
	arena = arena_create(8 * 1024 * 1024);
	context = (struct context){ .arena = arena };
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static void get(const char *query)
{
	context.request = (struct request){ .method = METHOD_GET, .query = query, .content_type = "", .body = "client_id=body", .body_length = 14 };
	context.parameters = parameters_read(arena, table, &context.request);
}

static void post(const char *type, const char *body, size_t length)
{
	char *copy = arena_copy(arena, body, length);
	context.request = (struct request){ .method = METHOD_POST, .query = "client_id=query", .content_type = type, .body = copy, .body_length = length };
	context.parameters = parameters_read(arena, table, &context.request);
}

static void has_problem(const char *name, enum parameter_problem problem)
{
	const struct parameter_value *value = parameters_problem(c, name);
	assert_non_null(value);
	assert_int_equal(value->problem, problem);
	assert_null(parameter(c, name));
}

static void test_sources(void **state)
{
	(void)state;
	static const char form[] = "application/x-www-form-urlencoded";
	get("client_id=app");
	assert_string_equal(parameter(c, "client_id"), "app");
	context.request.method = METHOD_HEAD;
	context.parameters = parameters_read(arena, table, &context.request);
	assert_string_equal(parameter(c, "client_id"), "app");
	post(form, "client_id=body", 14);
	assert_string_equal(parameter(c, "client_id"), "body");
	post(form, "", 0);
	assert_null(parameter(c, "client_id"));
	post("application/json", "client_id=body", 14);
	assert_null(parameter(c, "client_id"));
	post("", "client_id=body", 14);
	assert_null(parameter(c, "client_id"));
	context.parameters = parameters_read(arena, NULL, &context.request);
	assert_null(parameter(c, "client_id"));
	assert_null(parameters_problem(c, NULL));
}

static void test_decoding(void **state)
{
	(void)state;
	get("&&client%5fid=a%2Bb&scope=openid+a%20b&foo=%zz&state=%C3%A4%ff&=x&&");
	assert_string_equal(parameter(c, "client_id"), "a+b");
	assert_string_equal(parameter(c, "scope"), "openid a b");
	assert_string_equal(parameter(c, "state"), "\xc3\xa4\xff");
	assert_null(parameter(c, "foo"));
	assert_null(parameters_problem(c, NULL));
	get("state=a=b=c");
	assert_string_equal(parameter(c, "state"), "a=b=c");
}

static void test_empty_is_absent(void **state)
{
	(void)state;
	get("client_id=&scope&client_id=x&client_id=&resource=");
	assert_string_equal(parameter(c, "client_id"), "x");
	assert_null(parameter(c, "scope"));
	assert_int_equal(c->parameters.count, 1);
	assert_null(parameters_problem(c, NULL));
}

static void test_repeated(void **state)
{
	(void)state;
	get("client_id=x&scope=a&client_id=x");
	has_problem("client_id", PARAMETER_REPEATED);
	assert_string_equal(parameter(c, "scope"), "a");
	assert_null(parameters_problem(c, "scope"));
	assert_ptr_equal(parameters_problem(c, NULL), parameters_problem(c, "client_id"));
	get("client_id=x&client%5Fid=y&client_id=z");
	has_problem("client_id", PARAMETER_REPEATED);
	get("resource=https://a&resource=https://b&resource=https://a");
	assert_null(parameters_problem(c, NULL));
	assert_string_equal(parameter_at(c, "resource", 0), "https://a");
	assert_string_equal(parameter_at(c, "resource", 1), "https://b");
	assert_string_equal(parameter_at(c, "resource", 2), "https://a");
	assert_null(parameter_at(c, "resource", 3));
}

static void test_problems(void **state)
{
	(void)state;
	get("client_id=123456789012345678901");
	has_problem("client_id", PARAMETER_TOO_LONG);
	get("client_id=%31%32%33%34%35%36%37%38%39%30%31%32%33%34%35%36%37%38%39%30");
	assert_string_equal(parameter(c, "client_id"), "12345678901234567890");
	get("client_id=%zz");
	has_problem("client_id", PARAMETER_MALFORMED);
	get("client_id=a%0");
	has_problem("client_id", PARAMETER_MALFORMED);
	get("state=a%00b");
	has_problem("state", PARAMETER_MALFORMED);
	get("client_id=a+b");
	has_problem("client_id", PARAMETER_MALFORMED);
	post("application/x-www-form-urlencoded", "state=a\0b&client_id=x", 21);
	has_problem("state", PARAMETER_MALFORMED);
	assert_string_equal(parameter(c, "client_id"), "x");
	get("resource=%22&resource=https://b");
	assert_string_equal(parameter(c, "resource"), "https://b");
	assert_non_null(parameters_problem(c, "resource"));
}

static void test_problem_texts(void **state)
{
	(void)state;
	get("scope=a&scope=b");
	assert_string_equal(parameter_problem_text(arena, parameters_problem(c, NULL)), "The parameter scope is repeated.");
	get("state=12345678901");
	assert_string_equal(parameter_problem_text(arena, parameters_problem(c, NULL)), "The parameter state is too long.");
	get("scope=%");
	assert_string_equal(parameter_problem_text(arena, parameters_problem(c, NULL)), "The parameter scope is malformed.");
}

static void test_too_many(void **state)
{
	(void)state;
	struct buffer query = buffer_create(arena, 65536);
	buffer_text(&query, "client_id=x");
	for (int i = 1; i < 1000; i++)
		buffer_text(&query, "&a=b");
	get(query.data);
	assert_string_equal(parameter(c, "client_id"), "x");
	buffer_text(&query, "&client_id=y");
	get(query.data);
	has_problem("client_id", PARAMETER_MALFORMED);
	query.length = 0;
	for (int i = 0; i < 20000; i++)
		buffer_text(&query, "resource=a&");
	get(query.data);
	assert_int_equal(c->parameters.count, 1000);
	assert_non_null(parameters_problem(c, NULL));
}

static void test_encoding(void **state)
{
	(void)state;
	assert_string_equal(form_encode(arena, "aZ09-._~ +&=%\xc3\xa4/"), "aZ09-._~%20%2B%26%3D%25%C3%A4%2F");
	char all[256];
	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	const char *encoded = form_encode(arena, all);
	assert_string_equal(form_decode(arena, encoded, strlen(encoded)), all);
	assert_string_equal(form_decode(arena, "%41%4a%4A", 9), "AJJ");
	assert_null(form_decode(arena, "%4", 2));
	assert_null(form_decode(arena, "%", 1));
	assert_null(form_decode(arena, "a%4", 3));
	assert_null(form_decode(arena, "%4g", 3));
	assert_null(form_decode(arena, "%+1", 3));
	assert_null(form_decode(arena, "a\0", 2));
	assert_string_equal(form_decode(arena, "", 0), "");
}

static void test_text_validators(void **state)
{
	(void)state;
	assert_true(is_bytes("\xff\n"));
	assert_true(is_text("K\xc3\xb6nig 1"));
	assert_false(is_text("a\nb"));
	assert_false(is_text("\xff"));
	assert_true(is_multiline("a\r\n\tb"));
	assert_false(is_multiline("a\x1b"));
	assert_false(is_multiline("\x7f"));
	assert_false(is_multiline("\xff"));
	assert_true(is_visible_ascii("!~"));
	assert_false(is_visible_ascii("a b"));
	assert_false(is_visible_ascii("\x7f"));
	assert_false(is_visible_ascii("\xc3\xa4"));
	assert_true(is_printable_ascii("a b"));
	assert_false(is_printable_ascii("a\tb"));
}

static void test_other_validators(void **state)
{
	(void)state;
	assert_true(is_words("openid https://a/b!#[]"));
	static const char *const no_words[] = { "", " a", "a ", "a  b", "a\"b", "a\\b", "a\tb", "\xc3\xa4", NULL };
	for (int i = 0; no_words[i]; i++)
		assert_false(is_words(no_words[i]));
	assert_true(is_number("0600"));
	assert_false(is_number("-1"));
	assert_false(is_number("1234567890123456789"));
	assert_true(is_base64url("aZ0-_"));
	assert_false(is_base64url("a="));
	assert_false(is_base64url("a+"));
	assert_false(is_base64url(""));

	char verifier[130];
	memset(verifier, 'a', sizeof verifier);
	verifier[129] = '\0';
	assert_false(is_pkce(verifier));
	verifier[128] = '\0';
	assert_true(is_pkce(verifier));
	verifier[43] = '\0';
	assert_true(is_pkce(verifier));
	verifier[5] = '~';
	assert_true(is_pkce(verifier));
	verifier[5] = '+';
	assert_false(is_pkce(verifier));
	verifier[5] = 'a';
	verifier[42] = '\0';
	assert_false(is_pkce(verifier));

	assert_true(is_uri("https://a/b?c=d#e"));
	static const char *const no_uri[] = { "a b", "a\"", "<a>", "a\\b", "a^", "a`", "{a}", "a|b", "\xc3\xa4", "a\n", NULL };
	for (int i = 0; no_uri[i]; i++)
		assert_false(is_uri(no_uri[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sources, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_decoding, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_empty_is_absent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_repeated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_problems, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_problem_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_encoding, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_text_validators, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_validators, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
