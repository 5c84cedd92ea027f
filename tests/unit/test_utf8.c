#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/base/utf8.h"

/* Every code point, written by hand, must be told right; so must every pair of bytes. */
static size_t encode(uint32_t code, char out[4])
{
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = size; i-- > 1; code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(leads[size] | code);
	return size;
}

static void test_every_code_point(void **state)
{
	(void)state;
	char bytes[4];
	for (uint32_t code = 0; code <= 0x1fffff; code++) {
		bool right = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
		size_t size = encode(code, bytes);
		assert_int_equal(utf8_valid(bytes, size), right);
		if (size > 1)
			assert_false(utf8_valid(bytes, size - 1));
	}
}

static void test_malformed(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3(", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe", "a\xc3", "\xc3\xa4\xa4", NULL,
	};
	for (int i = 0; bad[i]; i++) {
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
		assert_true(utf8_has_controls(bad[i]));
	}
	assert_true(utf8_valid("", 0));
	assert_true(utf8_valid("a\0b", 3));
}

static void test_counts(void **state)
{
	(void)state;
	assert_int_equal(utf8_count(""), 0);
	assert_int_equal(utf8_count("abc"), 3);
	assert_int_equal(utf8_count("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), 3);
}

static void test_controls(void **state)
{
	(void)state;
	assert_false(utf8_has_controls("plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"));
	assert_false(utf8_has_controls("\xc2\xa0"));
	assert_true(utf8_has_controls("a\nb"));
	assert_true(utf8_has_controls("\x1b[31m"));
	assert_true(utf8_has_controls("\x7f"));
	assert_true(utf8_has_controls("\xc2\x80"));
	assert_true(utf8_has_controls("\xc2\x9f"));
	assert_true(utf8_has_controls("user\xe2\x80\xae" "drow"));
	assert_true(utf8_has_controls("\xe2\x81\xa6"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_controls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
