#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/http/context.h"

static const struct endpoint plain = { .name = "plain" };
static const struct endpoint with_cors = { .name = "userinfo", .cors = true };
static struct arena *arena;
static struct context context;
static struct context *const c = &context;
static jmp_buf unwind;

static int set_up(void **state)
{
	(void)state;
	arena = arena_create(16 * 1024 * 1024);
	context = (struct context){ .endpoint = &plain, .arena = arena, .unwind = &unwind };
	context.request.method = METHOD_GET;
	context.response = response_create(arena);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static const char *sent(void)
{
	static char text[8192];
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	const struct channel channel = channel_of_descriptors(NULL, -1, ends[1]);
	assert_true(response_send(c, &channel));
	close(ends[1]);
	ssize_t length = read(ends[0], text, sizeof text - 1);
	close(ends[0]);
	assert_true(length >= 0);
	text[length] = '\0';
	return text;
}

static void test_json(void **state)
{
	(void)state;
	buffer_text(&c->response.body, "{\"a\":1}");
	assert_int_equal(response_json(c, 200), OUTCOME_ANSWERED);
	assert_string_equal(sent(), "Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n"
		"X-Content-Type-Options: nosniff\r\nReferrer-Policy: same-origin\r\nCache-Control: no-store\r\nPragma: no-cache\r\n\r\n{\"a\":1}");
}

static void test_html_and_head(void **state)
{
	(void)state;
	buffer_text(&c->response.body, "<p>");
	response_html(c, 400);
	context.request.method = METHOD_HEAD;
	const char *text = sent();
	assert_ptr_equal(strstr(text, "Status: 400 Bad Request\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 3\r\n"), text);
	assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
}

static void test_empty(void **state)
{
	(void)state;
	buffer_text(&c->response.body, "gone");
	response_empty(c);
	const char *text = sent();
	assert_ptr_equal(strstr(text, "Status: 204 No Content\r\nX-Content"), text);
	assert_null(strstr(text, "Content-Length"));
	assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
}

static void test_redirect(void **state)
{
	(void)state;
	response_header(c, "Set-Cookie", "a=b");
	buffer_text(&c->response.body, "gone");
	response_redirect(c, "https://client.example/cb?code=x");
	const char *text = sent();
	assert_ptr_equal(strstr(text, "Status: 303 See Other\r\nSet-Cookie: a=b\r\nLocation: https://client.example/cb?code=x\r\nContent-Length: 0\r\n"), text);
	assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
}

static void test_cache_and_cors(void **state)
{
	(void)state;
	context.endpoint = &with_cors;
	response_cache(c, 3600);
	response_json(c, 200);
	const char *text = sent();
	assert_non_null(strstr(text, "\r\nCache-Control: public, max-age=3600\r\n"));
	assert_null(strstr(text, "no-store"));
	assert_null(strstr(text, "Pragma"));
	assert_non_null(strstr(text, "\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: WWW-Authenticate\r\n"));
	context.endpoint = NULL;
	assert_null(strstr(sent(), "Access-Control"));
}

static void test_tag(void **state)
{
	/* The first half of the SHA-256 of "abc". */
	static const char tag[] = "\"ba7816bf8f01cfea414140de5dae2223\"";
	static const struct {
		const char *sent;
		bool same;
	} cases[] = {
		{ NULL, false }, { "", false }, { "*", true }, { "\"\"", false }, { "\"x\"", false }, { ",", false }, { "W/", false },
		{ "\"ba7816bf8f01cfea414140de5dae2223\"", true }, { "W/\"ba7816bf8f01cfea414140de5dae2223\"", true },
		{ "\"x\", \"ba7816bf8f01cfea414140de5dae2223\"", true }, { "W/\"x,y\" ,\t\"ba7816bf8f01cfea414140de5dae2223\"", true },
		{ "ba7816bf8f01cfea414140de5dae2223", false }, { "\"ba7816bf8f01cfea414140de5dae2223", false },
		{ "\"a \"ba7816bf8f01cfea414140de5dae2223\"", false }, { "x, \"ba7816bf8f01cfea414140de5dae2223\"", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		response_reset(c);
		buffer_text(&c->response.body, "abc");
		context.request.if_none_match = cases[i].sent;
		if (response_tag(c) != cases[i].same)
			fail_msg("%s", cases[i].sent);
		assert_non_null(strstr(c->response.headers.data, tag));
	}
	response_cache(c, 60);
	assert_int_equal(response_not_modified(c), OUTCOME_ANSWERED);
	const char *text = sent();
	assert_ptr_equal(strstr(text, "Status: 304 Not Modified\r\nETag: \"ba78"), text);
	assert_non_null(strstr(text, "\r\nCache-Control: public, max-age=60\r\n"));
	assert_null(strstr(text, "\r\nContent-"));
	assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
}

static void test_reset(void **state)
{
	(void)state;
	response_header(c, "Set-Cookie", "a=b");
	response_cache(c, 1);
	buffer_text(&c->response.body, "x");
	c->response.status = 303;
	response_reset(c);
	assert_int_equal(c->response.status, 200);
	assert_string_equal(c->response.headers.data, "");
	assert_string_equal(c->response.body.data, "");
	assert_false(c->response.cacheable);
}

static void test_header_injection(void **state)
{
	(void)state;
	static const char *const bad[] = { "https://a\r\nSet-Cookie: x=y", "a\nb", "a\rb", "a\x01", "a\tb", "a\x7f" };
	for (volatile size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		response_reset(c);
		response_header(c, "Set-Cookie", "a=b");
		buffer_text(&c->response.body, "half a page");
		if (setjmp(unwind) == 0) {
			response_redirect(c, bad[i]);
			fail();
		}
		const char *text = sent();
		assert_ptr_equal(strstr(text, "Status: 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\n"), text);
		assert_null(strstr(text, "Set-Cookie"));
		assert_non_null(strstr(text, "\r\n\r\nInternal error\n"));
	}
}

static void *swallow(void *descriptor)
{
	static char bytes[65536];
	size_t *total = calloc(1, sizeof *total);
	ssize_t got;
	while ((got = read(*(int *)descriptor, bytes, sizeof bytes)) > 0)
		*total += (size_t)got;
	return total;
}

static void test_large_body(void **state)
{
	(void)state;
	pthread_t thread;
	int ends[2];
	void *total;
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < 100000; i++)
		buffer_text(&c->response.body, "0123456789");
	response_json(c, 200);
	assert_int_equal(pthread_create(&thread, NULL, swallow, &ends[0]), 0);
	const struct channel channel = channel_of_descriptors(NULL, -1, ends[1]);
	assert_true(response_send(c, &channel));
	close(ends[1]);
	pthread_join(thread, &total);
	close(ends[0]);
	assert_true(*(size_t *)total > 1000000 && *(size_t *)total < 1001000);
	free(total);
}

static void test_nobody_reads(void **state)
{
	(void)state;
	const struct channel nowhere = channel_of_descriptors(NULL, -1, -1);
	response_json(c, 200);
	assert_false(response_send(c, &nowhere));
}

static void test_unknown_status(void **state)
{
	(void)state;
	response_json(c, 299);
	assert_int_equal(strncmp(sent(), "Status: 299 Status\r\n", 20), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_html_and_head, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_empty, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_redirect, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cache_and_cors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tag, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reset, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_header_injection, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large_body, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nobody_reads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unknown_status, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
