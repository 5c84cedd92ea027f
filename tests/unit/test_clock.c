#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "lib/base/clock.h"

static void check(int64_t seconds, const char *text)
{
	char out[21];
	clock_format(seconds, out);
	assert_string_equal(out, text);
}

static void test_known(void **state)
{
	(void)state;
	check(0, "1970-01-01T00:00:00Z");
	check(951782399, "2000-02-28T23:59:59Z");
	check(951782400, "2000-02-29T00:00:00Z");
	check(951868800, "2000-03-01T00:00:00Z");
	check(2147483648, "2038-01-19T03:14:08Z");
	check(4107542400, "2100-03-01T00:00:00Z");
	check(253402300799, "9999-12-31T23:59:59Z");
}

static void test_out_of_range(void **state)
{
	(void)state;
	check(-1, "1970-01-01T00:00:00Z");
	check(INT64_MIN, "1970-01-01T00:00:00Z");
	check(253402300800, "9999-12-31T23:59:59Z");
	check(INT64_MAX, "9999-12-31T23:59:59Z");
}

static void test_as_the_c_library_does(void **state)
{
	(void)state;
	for (int64_t seconds = 0; seconds < 253402300800; seconds += 86400 * 11 + 4657) {
		time_t time = seconds;
		struct tm parts;
		char text[64];
		gmtime_r(&time, &parts);
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
		check(seconds, text);
	}
}

static void test_now(void **state)
{
	(void)state;
	int64_t before = time(NULL);
	int64_t seconds = clock_seconds();
	int64_t milliseconds = clock_milliseconds();
	assert_true(seconds >= before - 1 && seconds <= before + 5);
	assert_true(milliseconds / 1000 >= seconds && milliseconds / 1000 <= seconds + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_as_the_c_library_does),
		cmocka_unit_test(test_now),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
