#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/json.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_create(16 * 1024 * 1024);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static const struct cJSON *parse(const char *text)
{
	/* A copy of exactly this length, so that a read past the end shows. */
	size_t length = strlen(text);
	char *copy = length ? arena_alloc(arena, length) : arena_alloc(arena, 1);
	memcpy(copy, text, length);
	const char *why;
	const struct cJSON *value = json_parse(arena, copy, length, &why);
	assert_int_equal(value == NULL, why != NULL);
	return value;
}

static void test_refuses(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"", " ", "{", "}", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}",
		"{\"a\":1 \"b\":2}", "{\"a\" 1}", "{\"a\":1]", "[1}", "'a'", "\"", "\"a", "\"\\", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
		"\"\\u0000\"", "{\"\\u0000\":1}", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\ud800x\"", "\"\\ud83d\\ud83d\"",
		"\"\\ud83d\\", "\"a\nb\"", "\"a\tb\"", "\"\x01\"", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
		"True", "TRUE", "nul", "nulll", "NaN", "Infinity", "-Infinity", "undefined", "tru", "t",
		"01", "-01", "+1", ".5", "1.", "1.e5", "1e", "1e+", "-", "--1", "0x10", "1_0", "1e999", "-1e999",
		"1 2", "{} {}", "{}x", "[]]", "\"a\"b", "// c\n1", "1 // c", "/* c */ 1", "\xef\xbb\xbf{}", "\v1", "\f1", "\xc2\xa0" "1",
		"{\"a\":1,\"a\":2}", "{\"a\":1,\"b\":2,\"a\":1}", "{\"a\":1,\"\\u0061\":2}", "[{\"x\":{\"a\":1,\"a\":2}}]",
		"1111111111111111111111111111111111111111111111111111111111111", NULL,
	};
	for (int i = 0; bad[i]; i++)
		if (parse(bad[i]))
			fail_msg("accepted: %s", bad[i]);
	assert_null(json_parse(arena, "1\0", 2, NULL));
	assert_null(json_parse(arena, "\"a\0b\"", 5, NULL));
	assert_null(json_parse(arena, "{}\0{}", 5, NULL));
}

static void test_accepts_and_prints(void **state)
{
	(void)state;
	static const char *const good[][2] = {
		{ "{}", "{}" }, { "[]", "[]" }, { "\"\"", "\"\"" }, { " \t\r\n1 \t\r\n", "1" }, { "0", "0" }, { "-0", "0" }, { "1e2", "100" },
		{ "1.5", "1.5" }, { "-1.25E-1", "-0.125" }, { "1e300", "1.0000000000000001e+300" }, { "null", "null" }, { "true", "true" }, { "false", "false" },
		{ "\"\\u00e4\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\\"\\\\\"", "\"\xc3\xa4\xf0\x9f\x98\x80/\\u0008\\u000c\\n\\u000d\\u0009\\\"\\\\\"" },
		{ "{\"a\" : [ 1 , {\"A\" : null , \"a\" : \"x\"} , [ ] ] , \"\" : false}", "{\"a\":[1,{\"A\":null,\"a\":\"x\"},[]],\"\":false}" },
		{ "9007199254740992", "9007199254740992" },
		{ "{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":{\"a\":{\"a\":1}}}" },
	};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		const struct cJSON *value = parse(good[i][0]);
		if (!value)
			fail_msg("refused: %s", good[i][0]);
		assert_string_equal(json_print(arena, value), good[i][1]);
		assert_string_equal(json_print(arena, parse(good[i][1])), good[i][1]);
	}
}

static void test_depth(void **state)
{
	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		for (int depth = 15; depth <= 100000; depth = depth == 17 ? 100000 : depth + 1) {
			struct buffer text = buffer_create(arena, 16);
			for (int i = 0; i < depth; i++)
				buffer_text(&text, kind ? "{\"a\":" : "[");
			buffer_text(&text, kind ? "1" : "");
			for (int i = 0; i < depth; i++)
				buffer_text(&text, kind ? "}" : "]");
			assert_int_equal(json_parse(arena, text.data, text.length, NULL) != NULL, depth <= JSON_DEPTH_LIMIT);
		}
	}
	/* Side by side is not deep. */
	assert_non_null(parse("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]"));
}

static void test_every_prefix_ends_well(void **state)
{
	(void)state;
	static const char whole[] = "{\"a\":[1,-2.5e+3,\"x\\u00e4\\ud83d\\ude00\",true,false,null,{\"b\":{}}],\"c\":\"\xc3\xa4\"}";
	for (size_t length = 0; length < sizeof whole - 1; length++) {
		char *copy = arena_alloc(arena, length + !length);
		memcpy(copy, whole, length);
		assert_null(json_parse(arena, copy, length, NULL));
	}
	assert_non_null(parse(whole));
}

static void test_many(void **state)
{
	(void)state;
	struct buffer text = buffer_create(arena, 16);
	for (int i = 0; i < 20000; i++)
		buffer_format(&text, "%c\"m%d\":\"v%d\"", i ? ',' : '{', i, i);
	size_t length = text.length;
	buffer_char(&text, '}');
	const struct cJSON *value = json_parse(arena, text.data, text.length, NULL);
	assert_string_equal(json_string(json_member(value, "m19999")), "v19999");
	text.length = length;
	buffer_text(&text, ",\"m7\":0}");
	assert_null(json_parse(arena, text.data, text.length, NULL));
	text.length = 0;
	for (int i = 0; i < 50000; i++)
		buffer_text(&text, i ? ",1" : "[1");
	buffer_char(&text, ']');
	assert_non_null(json_parse(arena, text.data, text.length, NULL));
	text.length = 0;
	for (int i = 0; i < 20000; i++)
		buffer_text(&text, i ? ",\"\"" : "[\"\"");
	buffer_char(&text, ']');
	assert_non_null(json_parse(arena, text.data, text.length, NULL));
}

static void test_questions(void **state)
{
	(void)state;
	const struct cJSON *object = parse("{\"n\":7,\"f\":1.5,\"b\":true,\"s\":\"t\",\"a\":[\"x\",2],\"o\":{},\"z\":null,\"big\":9007199254740994,\"min\":-9007199254740992}");
	int64_t number = 0;
	bool is = false;
	assert_true(json_is_object(object));
	assert_null(json_member(object, "N"));
	assert_null(json_member(object, "none"));
	assert_null(json_member(NULL, "n"));
	assert_null(json_member(json_member(object, "a"), "x"));
	assert_true(json_is_number(json_member(object, "n"), &number));
	assert_int_equal(number, 7);
	assert_true(json_is_number(json_member(object, "min"), &number));
	assert_int_equal(number, -9007199254740992);
	assert_false(json_is_number(json_member(object, "f"), &number));
	assert_false(json_is_number(json_member(object, "big"), &number));
	assert_false(json_is_number(json_member(object, "s"), &number));
	assert_true(json_is_bool(json_member(object, "b"), &is));
	assert_true(is);
	assert_false(json_is_bool(json_member(object, "n"), &is));
	assert_string_equal(json_string(json_member(object, "s")), "t");
	assert_null(json_string(json_member(object, "n")));
	assert_null(json_string(NULL));
	assert_true(json_is_text(json_member(object, "s")));
	assert_true(json_is_array(json_member(object, "a")));
	assert_true(json_is_null(json_member(object, "z")));
	assert_false(json_is_null(NULL));
	assert_false(json_is_object(NULL));

	const struct cJSON *element = json_next(json_member(object, "a"), NULL);
	assert_string_equal(json_string(element), "x");
	element = json_next(json_member(object, "a"), element);
	assert_true(json_is_number(element, NULL));
	assert_null(json_next(json_member(object, "a"), element));
	assert_null(json_next(json_member(object, "o"), NULL));
	assert_null(json_next(json_member(object, "s"), NULL));
	assert_null(json_next(NULL, NULL));
	assert_string_equal(json_name(json_next(object, NULL)), "n");
	assert_null(json_name(NULL));
}

static jmp_buf unwind;

static void leave(void *context)
{
	(void)context;
	longjmp(unwind, 1);
}

/* Whatever memory there is: it parses or unwinds, and works again afterwards. */
static void test_little_memory(void **state)
{
	(void)state;
	for (volatile size_t limit = 16; limit < 3000; limit += 16) {
		struct arena *little = arena_create(limit);
		arena_on_exhausted(little, leave, NULL);
		if (setjmp(unwind) == 0) {
			static const char text[] = "{\"a\":[1,2,3,{\"b\":\"cccccccccccccccc\"}],\"d\":\"e\"}";
			assert_non_null(json_parse(little, text, sizeof text - 1, NULL));
		}
		arena_destroy(little);
	}
	assert_non_null(parse("[1]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_accepts_and_prints),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_every_prefix_ends_well),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_little_memory),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
