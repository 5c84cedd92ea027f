#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/json_write.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_create(1024 * 1024);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static void test_commas(void **state)
{
	(void)state;
	struct buffer out = buffer_create(arena, 8);
	json_object_open(&out, NULL);
	json_text(&out, "a", "1");
	json_text(&out, "missing", NULL);
	json_number(&out, "b", -5);
	json_bool(&out, "c", true);
	json_array_open(&out, "d");
	json_object_open(&out, NULL);
	json_object_close(&out);
	json_object_open(&out, NULL);
	json_bool(&out, "x", false);
	json_object_close(&out);
	json_number(&out, NULL, INT64_MIN);
	json_text(&out, NULL, "{");
	json_text(&out, NULL, "z");
	json_array_close(&out);
	json_raw(&out, "e", "{\"k\":[]}");
	json_raw(&out, "missing", NULL);
	json_words(&out, "f", "one two");
	json_words(&out, "g", NULL);
	json_words(&out, "h", "");
	json_object_close(&out);
	assert_string_equal(out.data, "{\"a\":\"1\",\"b\":-5,\"c\":true,\"d\":[{},{\"x\":false},-9223372036854775808,\"{\",\"z\"],"
		"\"e\":{\"k\":[]},\"f\":[\"one\",\"two\"],\"g\":[],\"h\":[]}");
}

static void test_escapes(void **state)
{
	(void)state;
	struct buffer out = buffer_create(arena, 8);
	json_text(&out, NULL, "a\"b\\c/\n\t\x01\x1f\x7f</script>\xc3\xa4\xf0\x9f\x98\x80");
	assert_string_equal(out.data, "\"a\\\"b\\\\c/\\n\\u0009\\u0001\\u001f\x7f</script>\xc3\xa4\xf0\x9f\x98\x80\"");
	out = buffer_create(arena, 8);
	json_text(&out, "\"", "x\xff\"y\x80");
	assert_string_equal(out.data, "\"\\\"\":\"x\\ufffd\\\"y\\ufffd\"");
	out = buffer_create(arena, 8);
	json_text(&out, NULL, "");
	assert_string_equal(out.data, "\"\"");
}

static void test_reading_arrays(void **state)
{
	(void)state;
	const char *cursor = "[\"a,]\\\"b\",12,true,\"\\\\\"]";
	assert_string_equal(json_array_next(arena, &cursor), "\"a,]\\\"b\"");
	assert_string_equal(json_array_next(arena, &cursor), "12");
	assert_string_equal(json_array_next(arena, &cursor), "true");
	assert_string_equal(json_array_next(arena, &cursor), "\"\\\\\"");
	assert_null(json_array_next(arena, &cursor));
	assert_null(json_array_next(arena, &cursor));
	static const char *const none[] = { "", "[]", "[", "[[1]]", "[{\"a\":1}]", "[\"x", "[\"x\\", "[1", "1", "[,1]", "[\"a\"b]", NULL };
	for (int i = 0; none[i]; i++) {
		cursor = none[i];
		assert_null(json_array_next(arena, &cursor));
	}
	cursor = NULL;
	assert_null(json_array_next(arena, &cursor));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commas),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_reading_arrays),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
