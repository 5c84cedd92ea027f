#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"

static char path[64];
static char written[16384];

static int set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "/tmp/latchkey-test-log-XXXXXX");
	int file = mkstemp(path);
	if (file < 0)
		return -1;
	close(file);
	log_start("token");
	log_set_level(LOG_INFO);
	log_set_request("3f2a00000000beef");
	return log_to_file(path) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static const char *what_was_written(void)
{
	int file = open(path, O_RDONLY);
	ssize_t length = read(file, written, sizeof written - 1);
	close(file);
	assert_true(length >= 0);
	written[length] = '\0';
	return written;
}

static void test_form(void **state)
{
	(void)state;
	char expected[128];
	log_write(LOG_WARNING, "client %s: %d", "app", 7);
	const char *line = what_was_written();
	snprintf(expected, sizeof expected, " token[%ld] 3f2a00000000beef warning: client app: 7\n", (long)getpid());
	assert_string_equal(line + 20, expected);
	assert_int_equal(line[10], 'T');
	assert_int_equal(line[19], 'Z');
}

static void test_without_request(void **state)
{
	(void)state;
	log_set_request(NULL);
	log_write(LOG_ERROR, "x");
	assert_non_null(strstr(what_was_written(), "] - error: x\n"));
}

static void test_levels(void **state)
{
	(void)state;
	log_write(LOG_DEBUG, "not shown");
	assert_string_equal(what_was_written(), "");
	log_set_level(LOG_DEBUG);
	log_write(LOG_DEBUG, "shown");
	assert_non_null(strstr(what_was_written(), " debug: shown\n"));
	log_set_level(LOG_ERROR);
	log_write(LOG_WARNING, "dropped");
	assert_null(strstr(what_was_written(), "dropped"));
}

static void test_hostile_text(void **state)
{
	(void)state;
	log_write(LOG_INFO, "%s", "a\nb\r\x1b[2J\x7f\xff\xc2\x9b\xe2\x80\xae\xc3\xa4\xe2\x82");
	assert_non_null(strstr(what_was_written(),
		" info: a\\x0ab\\x0d\\x1b[2J\\x7f\\xff\\xc2\\x9b\\xe2\\x80\\xae\xc3\xa4\\xe2\\x82\n"));
}

static void test_long_text(void **state)
{
	(void)state;
	static char text[10000];
	static const char fills[] = { 'x', '\n', (char)0xe2 };
	for (size_t i = 0; i < sizeof fills; i++) {
		memset(text, fills[i], sizeof text - 1);
		assert_int_equal(truncate(path, 0), 0);
		log_write(LOG_INFO, "%s", text);
		size_t length = strlen(what_was_written());
		assert_true(length <= 2048 && length > 2030);
		assert_string_equal(written + length - 4, "...\n");
		assert_ptr_equal(strchr(written, '\n'), written + length - 1);
	}
}

static void test_keeps_errno(void **state)
{
	(void)state;
	errno = ENOENT;
	log_write(LOG_INFO, "x");
	assert_int_equal(errno, ENOENT);
}

static void test_no_such_file(void **state)
{
	(void)state;
	assert_false(log_to_file("/nonexistent/folder/log"));
	log_write(LOG_INFO, "still here");
	assert_non_null(strstr(what_was_written(), "still here"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_without_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_levels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hostile_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_keeps_errno, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_such_file, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
