#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "lib/http/request.h"

static struct arena *arena;
static struct config config = { .issuer = "https://id.example.org" };
static struct request request;
static size_t left_unread;

static int set_up(void **state)
{
	(void)state;
	arena = arena_create(4 * 1024 * 1024);
	config.trusted_proxies = NULL;
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

/* Reads a request whose input has these bytes, and then ends, or (stays_open) does not. */
static enum request_problem read_with(char *const *environment, const char *body, size_t length, bool stays_open)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], body, length), (ssize_t)length);
	if (!stays_open)
		close(ends[1]);
	const struct channel channel = channel_of_descriptors(environment, ends[0], -1);
	enum request_problem problem = request_read(arena, &config, &channel, &request);
	if (stays_open)
		close(ends[1]);
	static char rest[65536];
	ssize_t got = read(ends[0], rest, sizeof rest);
	left_unread = got > 0 ? (size_t)got : 0;
	close(ends[0]);
	return problem;
}

static enum request_problem read_headers(char *const *environment)
{
	return read_with(environment, "", 0, false);
}

#define ENVIRONMENT(...) ((char *[]){ (char[]){ "GATEWAY_INTERFACE=CGI/1.1" }, __VA_ARGS__, NULL })

static void test_nothing(void **state)
{
	(void)state;
	char *none[] = { NULL };
	assert_int_equal(read_headers(none), REQUEST_FINE);
	assert_int_equal(request.method, METHOD_OTHER);
	assert_string_equal(request.query, "");
	assert_string_equal(request.content_type, "");
	assert_string_equal(request.body, "");
	assert_int_equal(request.body_length, 0);
	assert_null(request.authorization);
	assert_null(request.cookie);
	assert_null(request.origin);
	assert_null(request.fetch_site);
	assert_null(request.user_agent);
	assert_null(request.if_none_match);
	assert_string_equal(request.address, "unknown");
}

static void test_fields(void **state)
{
	(void)state;
	assert_int_equal(read_headers(ENVIRONMENT("REQUEST_METHOD=GET", "QUERY_STRING=a=b&c", "CONTENT_TYPE= Application/JSON ; charset=utf-8",
		"HTTP_AUTHORIZATION=Bearer x", "HTTP_ORIGIN=https://a", "HTTP_SEC_FETCH_SITE=none", "HTTP_IF_NONE_MATCH=\"x\"",
		"HTTP_USER_AGENT=Browser/1", "REMOTE_ADDR=192.0.2.7", "HTTP_COOKIE=a=b", "HTTP_X_FORWARDED_FOR=203.0.113.9")), REQUEST_FINE);
	assert_int_equal(request.method, METHOD_GET);
	assert_string_equal(request.query, "a=b&c");
	assert_string_equal(request.content_type, "application/json");
	assert_string_equal(request.authorization, "Bearer x");
	assert_string_equal(request.origin, "https://a");
	assert_string_equal(request.fetch_site, "none");
	assert_string_equal(request.if_none_match, "\"x\"");
	assert_string_equal(request.user_agent, "Browser/1");
	assert_string_equal(request.address, "192.0.2.7");
	assert_string_equal(request.cookie, "a=b");
}

static void test_methods(void **state)
{
	(void)state;
	read_headers(ENVIRONMENT("REQUEST_METHOD=HEAD"));
	assert_int_equal(request.method, METHOD_HEAD);
	read_headers(ENVIRONMENT("REQUEST_METHOD=POST"));
	assert_int_equal(request.method, METHOD_POST);
	read_headers(ENVIRONMENT("REQUEST_METHOD=OPTIONS"));
	assert_int_equal(request.method, METHOD_OPTIONS);
	read_headers(ENVIRONMENT("REQUEST_METHOD=get"));
	assert_int_equal(request.method, METHOD_OTHER);
	read_headers(ENVIRONMENT("REQUEST_METHOD=DELETE"));
	assert_int_equal(request.method, METHOD_OTHER);
}

static void test_repeated_headers(void **state)
{
	(void)state;
	assert_int_equal(read_headers(ENVIRONMENT("HTTP_AUTHORIZATION=Bearer a", "HTTP_AUTHORIZATION=Bearer a")), REQUEST_HEADER_REPEATED);
	assert_int_equal(read_headers(ENVIRONMENT("HTTP_AUTHORIZATION=Bearer a, Basic b")), REQUEST_HEADER_REPEATED);
	assert_int_equal(read_headers(ENVIRONMENT("HTTP_AUTHORIZATION=Bearer a,BEARER b")), REQUEST_HEADER_REPEATED);
	assert_int_equal(read_headers(ENVIRONMENT("HTTP_AUTHORIZATION=Basic a,, \tdpop b")), REQUEST_HEADER_REPEATED);
	assert_int_equal(read_headers(ENVIRONMENT("HTTP_AUTHORIZATION=Digest a=\"b\", c=\"d\"")), REQUEST_FINE);
	assert_int_equal(read_headers(ENVIRONMENT("HTTP_ORIGIN=https://a", "HTTP_ORIGIN=https://a")), REQUEST_HEADER_REPEATED);
	assert_int_equal(read_headers(ENVIRONMENT("HTTP_ORIGIN=https://a, https://b")), REQUEST_HEADER_REPEATED);
	assert_int_equal(read_headers(ENVIRONMENT("HTTP_AUTHORIZATION_X=Bearer a", "HTTP_AUTHORIZATION=Bearer b")), REQUEST_FINE);
	assert_string_equal(request.authorization, "Bearer b");
	assert_int_equal(read_headers(ENVIRONMENT("HTTP_COOKIE=a=1", "HTTP_COOKIE=b=2", "HTTP_COOKIE=c=3")), REQUEST_FINE);
	assert_string_equal(request.cookie, "a=1; b=2; c=3");
}

static void test_body(void **state)
{
	(void)state;
	assert_int_equal(read_with(ENVIRONMENT("REQUEST_METHOD=POST", "CONTENT_LENGTH=5"), "hello, more", 11, true), REQUEST_FINE);
	assert_string_equal(request.body, "hello");
	assert_int_equal(request.body_length, 5);
	assert_int_equal(left_unread, 6);
	assert_int_equal(read_with(ENVIRONMENT("CONTENT_LENGTH="), "x", 1, true), REQUEST_FINE);
	assert_int_equal(left_unread, 1);
	assert_int_equal(read_with(ENVIRONMENT("CONTENT_LENGTH=0"), "x", 1, true), REQUEST_FINE);
	assert_int_equal(read_with(ENVIRONMENT("CONTENT_LENGTH=3"), "a\0b", 3, false), REQUEST_FINE);
	assert_memory_equal(request.body, "a\0b", 4);
	assert_int_equal(read_with(ENVIRONMENT("CONTENT_LENGTH=5", "HTTP_TRANSFER_ENCODING=chunked"), "hello", 5, true), REQUEST_FINE);
}

static void test_wrong_lengths(void **state)
{
	(void)state;
	static char *const bad[] = {
		"CONTENT_LENGTH=-1", "CONTENT_LENGTH=+5", "CONTENT_LENGTH=5 ", "CONTENT_LENGTH=0x5", "CONTENT_LENGTH=5,5", "CONTENT_LENGTH=18446744073709551621",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(read_with(ENVIRONMENT(bad[i]), "hello", 5, false), REQUEST_LENGTH_BAD);
	assert_int_equal(read_with(ENVIRONMENT("CONTENT_LENGTH=5", "CONTENT_LENGTH=4"), "hello", 5, false), REQUEST_LENGTH_BAD);
	assert_int_equal(read_with(ENVIRONMENT("CONTENT_LENGTH=6"), "hello", 5, false), REQUEST_LENGTH_BAD);
	assert_int_equal(request.body_length, 0);
	assert_int_equal(read_with(ENVIRONMENT("HTTP_TRANSFER_ENCODING=chunked"), "hello", 5, false), REQUEST_LENGTH_REQUIRED);
	assert_int_equal(left_unread, 0);
	/* The other end never closes: it must come to an end all the same. */
	assert_int_equal(read_with(ENVIRONMENT("HTTP_TRANSFER_ENCODING=chunked"), "hello", 5, true), REQUEST_LENGTH_REQUIRED);
}

static void test_too_large(void **state)
{
	(void)state;
	static char body[65537];
	memset(body, 'x', sizeof body);
	assert_int_equal(read_with(ENVIRONMENT("CONTENT_LENGTH=65537"), body, 60000, false), REQUEST_TOO_LARGE);
	assert_int_equal(left_unread, 0);
	assert_int_equal(request.body_length, 0);
	assert_int_equal(read_with(ENVIRONMENT("CONTENT_LENGTH=999999999999999999"), body, 60000, false), REQUEST_TOO_LARGE);
	assert_int_equal(left_unread, 0);
	assert_int_equal(read_with(ENVIRONMENT("CONTENT_LENGTH=60000"), body, 60000, false), REQUEST_FINE);

	static char query[20000] = "QUERY_STRING=";
	memset(query + 13, 'q', 16385);
	assert_int_equal(read_headers(ENVIRONMENT(query)), REQUEST_TOO_LARGE);
	assert_string_equal(request.query, "");
	query[13 + 16384] = '\0';
	assert_int_equal(read_headers(ENVIRONMENT(query)), REQUEST_FINE);
	assert_int_equal(strlen(request.query), 16384);
}

static void check_address(const char *trusted, char *remote, char *forwarded, const char *expected)
{
	config.trusted_proxies = trusted;
	read_headers(ENVIRONMENT(remote, forwarded));
	assert_string_equal(request.address, expected);
}

static void test_address(void **state)
{
	(void)state;
	check_address(NULL, "REMOTE_ADDR=::ffff:192.0.2.1", "X=1", "192.0.2.1");
	check_address(NULL, "REMOTE_ADDR=2001:DB8:0::1", "X=1", "2001:db8::1");
	check_address(NULL, "REMOTE_ADDR=unix:", "X=1", "unknown");
	check_address(NULL, "REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=203.0.113.9", "127.0.0.1");
	check_address("10.0.0.1", "REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=203.0.113.9", "127.0.0.1");
	check_address("127.0.0.1", "REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=203.0.113.9", "203.0.113.9");
	check_address("127.0.0.1", "REMOTE_ADDR=::ffff:127.0.0.1", "HTTP_X_FORWARDED_FOR=1.1.1.1,203.0.113.9 ", "203.0.113.9");
	check_address("127.0.0.1 10.0.0.1", "REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=1.1.1.1, 203.0.113.9,  10.0.0.1", "203.0.113.9");
	check_address("127.0.0.1 10.0.0.1", "REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=10.0.0.1", "10.0.0.1");
	check_address("127.0.0.1", "REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=1.1.1.1, <script>", "127.0.0.1");
	check_address("127.0.0.1", "REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=", "127.0.0.1");
	check_address("127.0.0.1", "REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=1.1.1.1, ", "127.0.0.1");
	check_address("127.0.0.1", "REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=1.1.1.1 2.2.2.2", "1.1.1.1");
	check_address("::1", "REMOTE_ADDR=::1", "HTTP_X_FORWARDED_FOR=2001:db8::7", "2001:db8::7");
	config.trusted_proxies = "127.0.0.1";
	read_headers(ENVIRONMENT("REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=1.1.1.1", "HTTP_X_FORWARDED_FOR=2.2.2.2"));
	assert_string_equal(request.address, "127.0.0.1");
}

static void test_user_agent(void **state)
{
	(void)state;
	static char value[1024] = "HTTP_USER_AGENT=";
	read_headers(ENVIRONMENT("HTTP_USER_AGENT=a\nb\x1b[0m\x7f"));
	assert_string_equal(request.user_agent, "a?b?[0m?");
	read_headers(ENVIRONMENT("HTTP_USER_AGENT=\xc3\xa4\xff"));
	assert_string_equal(request.user_agent, "???");
	read_headers(ENVIRONMENT("HTTP_USER_AGENT=\xc3\xa4"));
	assert_string_equal(request.user_agent, "\xc3\xa4");
	read_headers(ENVIRONMENT("HTTP_USER_AGENT=x\xe2\x80\xaey"));
	assert_string_equal(request.user_agent, "x???y");
	/* Cut between characters, not within one. */
	for (size_t shift = 0; shift < 4; shift++) {
		memset(value + 16, 'x', shift);
		for (size_t i = 0; i < 100; i++)
			memcpy(value + 16 + shift + i * 4, "\xf0\x9f\x98\x80", 5);
		read_headers(ENVIRONMENT(value));
		assert_int_equal(strlen(request.user_agent), shift == 0 ? 256 : 252 + shift);
		assert_null(strchr(request.user_agent, '?'));
	}
}

static void test_credentials(void **state)
{
	(void)state;
	struct request r = { .authorization = "bearer   abc" };
	assert_string_equal(request_credentials(&r, "Bearer"), "abc");
	assert_null(request_credentials(&r, "Basic"));
	r.authorization = "Bearerabc";
	assert_null(request_credentials(&r, "Bearer"));
	r.authorization = "Bearer";
	assert_string_equal(request_credentials(&r, "Bearer"), "");
	r.authorization = NULL;
	assert_null(request_credentials(&r, "Bearer"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_methods, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_repeated_headers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_body, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wrong_lengths, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_address, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_user_agent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_credentials, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
