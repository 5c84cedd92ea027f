#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/http/context.h"
#include "lib/http/cookies.h"

static const struct config secure = { .issuer = "https://id.example.org" };   /* SHA-256: 777514… */
static const struct config insecure = { .issuer = "http://localhost:8080" }; /* SHA-256: a76d8c… */
static struct arena *arena;
static struct context context;
static struct context *const c = &context;

static int set_up(void **state)
{
	(void)state;
	arena = arena_create(1024 * 1024);
	context = (struct context){ .config = &secure, .arena = arena };
	context.response = response_create(arena);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(cookie_name(c, "session"), "__Host-latchkey-session-777514");
	context.config = &insecure;
	assert_string_equal(cookie_name(c, "flow-0a"), "latchkey-flow-0a-a76d8c");
}

static void found(const char *header, const char *expected)
{
	context.request.cookie = header;
	const char *value = cookie_find(c, "session");
	if (expected)
		assert_string_equal(value, expected);
	else
		assert_null(value);
}

static void test_finding(void **state)
{
	(void)state;
	found(NULL, NULL);
	found("", NULL);
	found("__Host-latchkey-session-777514=abc-_9", "abc-_9");
	found("other=1;__Host-latchkey-session-777514=abc ;x=y", "abc");
	found(";;  ; a ; __Host-latchkey-session-777514=abc", "abc");
	found("__Host-latchkey-session-777514=abc; __Host-latchkey-session-777514=abc", "abc");
	found("__Host-latchkey-session-777514=abc; __Host-latchkey-session-777514=abd", NULL);
	found("__Host-latchkey-session-777514=abc; __Host-latchkey-session-777514=", NULL);
	found("__Host-latchkey-session-777514=", NULL);
	found("__Host-latchkey-session-777514", NULL);
	found("__Host-latchkey-session-777514=\"abc\"", NULL);
	found("__Host-latchkey-session-777514=a=b", NULL);
	found("__Host-latchkey-session-777514=a b", NULL);
	found("__host-latchkey-session-777514=abc", NULL);
	found("latchkey-session-777514=abc", NULL);
	found("__Host-latchkey-session-a76d8c=abc", NULL);
	found("x__Host-latchkey-session-777514=abc", NULL);
	found("__Host-latchkey-session-777514x=abc", NULL);
}

static void test_walking(void **state)
{
	(void)state;
	const char *cursor = NULL;
	context.request.cookie = "a=b; __Host-latchkey-flow-1-777514=x; __Host-latchkey-session-777514=y; __Host-latchkey-flow-2-a76d8c=z; "
		"__Host-latchkey-flow-3-777514=; __Host-latchkey--777514=1; __Host-latchkey-777514=1; latchkey-flow-4-777514=1; __Host-latchkey-flow-5\"-777514=1";
	assert_string_equal(cookie_next(c, "flow-", &cursor), "flow-1");
	assert_string_equal(cookie_next(c, "flow-", &cursor), "flow-3");
	assert_null(cookie_next(c, "flow-", &cursor));
	assert_null(cookie_next(c, "flow-", &cursor));
	cursor = NULL;
	assert_string_equal(cookie_next(c, "", &cursor), "flow-1");
	assert_string_equal(cookie_next(c, "", &cursor), "session");
	context.request.cookie = NULL;
	cursor = NULL;
	assert_null(cookie_next(c, "", &cursor));
}

static void test_setting(void **state)
{
	(void)state;
	cookie_set(c, "session", "abc", 0);
	cookie_set(c, "flow-1", "def", 1800);
	cookie_clear(c, "flow-2");
	assert_string_equal(c->response.headers.data,
		"Set-Cookie: __Host-latchkey-session-777514=abc; Path=/; HttpOnly; SameSite=Lax; Secure\r\n"
		"Set-Cookie: __Host-latchkey-flow-1-777514=def; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=1800\r\n"
		"Set-Cookie: __Host-latchkey-flow-2-777514=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0\r\n");
	response_reset(c);
	context.config = &insecure;
	cookie_set(c, "session", "abc", 5);
	assert_string_equal(c->response.headers.data,
		"Set-Cookie: latchkey-session-a76d8c=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=5\r\n");
}

static void test_no_injection(void **state)
{
	(void)state;
	cookie_set(c, "session", "abc; Domain=example.org", 0);
	cookie_set(c, "session=x;", "abc", 0);
	cookie_clear(c, "a\r\nb");
	cookie_clear(c, "");
	assert_string_equal(c->response.headers.data, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_finding, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_walking, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_setting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_injection, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
