#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/json.h"
#include "lib/base/json_flat.h"
#include "lib/crypto/random.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_create(64 * 1024 * 1024);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static const struct json_flat *read_object(const char *text)
{
	/* A copy of exactly this length, so that a read past the end shows. */
	size_t length = strlen(text);
	char *copy = arena_alloc(arena, length + !length);
	memcpy(copy, text, length);
	const char *why;
	const struct json_flat *object = json_flat_read(arena, copy, length, &why);
	assert_int_equal(object == NULL, why != NULL);
	return object;
}

static void test_refuses(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"", " ", "{", "}", "[]", "[{}]", "\"a\"", "1", "null", "true", "{\"a\":1,}", "{a:1}", "{\"a\":1}x", "{\"a\":1}{}", "{\"a\":\"\\u0000\"}",
		"{\"a\":\"\xff\"}", "{\"a\":tru}", "{\"a\":\"\\ud800\"}", "\xef\xbb\xbf{}", "{\"a\":01}",
		"{\"a\":1,\"a\":2}", "{\"a\":1,\"b\":2,\"a\":1}", "{\"a\":1,\"\\u0061\":2}", "{\"\":1,\"\":2}",
		"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", NULL,
	};
	for (int i = 0; bad[i]; i++)
		if (read_object(bad[i]))
			fail_msg("accepted: %s", bad[i]);
	assert_null(json_flat_read(arena, "{}\0", 3, NULL));
}

static void test_finds_members(void **state)
{
	(void)state;
	const struct json_flat *object = read_object(" { \"sub\" : \"x\" ,\"o\":{\"sub\":\"y\",\"a\":[1,{\"sub\":\"]}\"}],\"b\":1,\"b\":2}\r\n,"
		"\"A\":\"big\",\"a\":\"\",\"z\":null,\"t\":true , \"e\":{},\"l\":[ ],\"\":\"empty\",\"\\u0073\":\"esc\" } ");
	assert_string_equal(json_flat_text(object, "sub"), "x");
	assert_string_equal(json_flat_text(object, "A"), "big");
	assert_string_equal(json_flat_text(object, "a"), "");
	assert_string_equal(json_flat_text(object, ""), "empty");
	assert_string_equal(json_flat_text(object, "s"), "esc");
	static const char *const others[] = { "o", "z", "t", "e", "l", "SUB", "su", "subs", "b" };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_null(json_flat_text(object, others[i]));
	for (size_t i = 0; i < 5; i++)
		assert_true(json_flat_has(object, others[i]));
	for (size_t i = 5; i < 9; i++)
		assert_false(json_flat_has(object, others[i]));
	assert_false(json_flat_has(read_object("{}"), ""));
	assert_false(json_flat_has(read_object(" { } "), "a"));
}

static void test_undoes_escapes(void **state)
{
	(void)state;
	const struct json_flat *object = read_object("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e4\\u20AC\\ud83d\\ude00\\uFFFF\\u0800\\u07ff\xc3\xa4\","
		"\"q\":\"\\\\\\\"\",\"max\":\"\\uDBFF\\udfff\"}");
	assert_string_equal(json_flat_text(object, "a"), "\"\\/\b\f\n\r\tA\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbf\xe0\xa0\x80\xdf\xbf\xc3\xa4");
	assert_string_equal(json_flat_text(object, "q"), "\\\"");
	assert_string_equal(json_flat_text(object, "max"), "\xf4\x8f\xbf\xbf");
}

static void test_lists_texts(void **state)
{
	(void)state;
	const struct json_flat *object = read_object("{\"one\":\"a\",\"arr\":[\"a\"],\"two\":[ \"a\" , \"b,]\\\"\" ],\"none\":[],\"mixed\":[\"a\",1],"
		"\"deep\":[[\"a\"]],\"late\":[\"a\",[\"b\"]],\"n\":1,\"o\":{},\"z\":null,\"nulls\":[null]}");
	static const struct {
		const char *name;
		size_t count;
	} cases[] = { { "one", 1 }, { "arr", 1 }, { "two", 2 }, { "none", 0 } };
	size_t count;
	for (size_t i = 0; i < 4; i++) {
		const char *const *texts = json_flat_texts(object, cases[i].name, &count);
		assert_non_null(texts);
		assert_int_equal(count, cases[i].count);
		if (count > 0)
			assert_string_equal(texts[0], "a");
	}
	assert_string_equal(json_flat_texts(object, "two", &count)[1], "b,]\"");
	static const char *const others[] = { "mixed", "deep", "late", "n", "o", "z", "nulls", "absent" };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		count = 9;
		assert_null(json_flat_texts(object, others[i], &count));
		assert_int_equal(count, 0);
	}
}

static void test_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int whole;
		int good;
		int64_t value;
	} cases[] = {
		{ "0", 1, 1, 0 }, { "-0", 1, 1, 0 }, { "-7", 1, 1, -7 }, { "1800000000", 1, 1, 1800000000 }, { "1.8e9", 1, 1, 1800000000 },
		{ "1800000000.0", 1, 1, 1800000000 }, { "1800000000.9", 0, 1, 1800000000 }, { "9007199254740992", 1, 1, 9007199254740992 },
		{ "-9007199254740992", 1, 1, -9007199254740992 }, { "9007199254740994", 0, 0, 0 }, { "1e999", 0, 0, 0 }, { "-1e999", 0, 0, 0 },
		{ "1e-999", 1, 1, 0 }, { "\"1\"", 0, 0, 0 }, { "true", 0, 0, 0 }, { "null", 0, 0, 0 }, { "[1]", 0, 0, 0 }, { "{}", 0, 0, 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct json_flat *object = read_object(arena_format(arena, "{\"n\": %s }", cases[i].text));
		int64_t number = -1;
		int whole = json_flat_number(object, "n", &number);
		if (whole != cases[i].whole)
			fail_msg("%s", cases[i].text);
		if (whole)
			assert_int_equal(number, cases[i].value);
		int good = json_flat_seconds(object, "n", &number);
		if (good != cases[i].good || (good && number != cases[i].value))
			fail_msg("%s", cases[i].text);
		assert_false(json_flat_number(object, "m", &number));
	}
}

static void test_many(void **state)
{
	(void)state;
	struct buffer text = buffer_create(arena, 16);
	for (int i = 0; i < 20000; i++)
		buffer_format(&text, "%c\"m%d\":\"v%d\"", i ? ',' : '{', i, i);
	size_t length = text.length;
	buffer_char(&text, '}');
	const struct json_flat *object = json_flat_read(arena, text.data, text.length, NULL);
	assert_string_equal(json_flat_text(object, "m19999"), "v19999");
	text.length = length;
	buffer_text(&text, ",\"m7\":0}");
	assert_null(json_flat_read(arena, text.data, text.length, NULL));
}

/* Whatever json_parse() makes of a text, this makes the same of it. */
static void test_agrees_with_the_parser(void **state)
{
	(void)state;
	static const char *const tokens[] = { "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "\"\\u0061\"", "\"\\n\\\"\"", "1", "-2.5", "true", "null", " ", "\"aud\"" };
	struct arena *own = arena_create(1 << 20);
	int accepted = 0;
	for (int i = 0; i < 200000; i++) {
		unsigned char bytes[16];
		struct buffer text = buffer_create(own, 128);
		random_bytes(bytes, sizeof bytes);
		/* Half of them are a row of members, so that some are accepted. */
		if (bytes[0] & 1) {
			buffer_char(&text, '{');
			for (int j = 0; j < 1 + bytes[1] % 3; j++)
				buffer_format(&text, "%s%s:%s", j ? "," : "", tokens[6 + bytes[2 + j] % 3], tokens[6 + bytes[6 + j] % 10]);
			buffer_char(&text, '}');
		} else {
			for (int j = 1; j < 2 + bytes[1] % 14; j++)
				buffer_text(&text, tokens[bytes[j] % 16]);
		}
		const struct json_flat *object = json_flat_read(own, text.data, text.length, NULL);
		const struct cJSON *tree = json_parse(own, text.data, text.length, NULL);
		assert_int_equal(object != NULL, json_is_object(tree));
		for (const struct cJSON *member = json_next(tree, NULL); object && member; member = json_next(tree, member)) {
			const char *one = json_flat_text(object, json_name(member)), *other = json_string(member);
			assert_true(json_flat_has(object, json_name(member)));
			assert_int_equal(one == NULL, other == NULL);
			if (one)
				assert_string_equal(one, other);
		}
		accepted += object != NULL;
		arena_reset(own);
	}
	assert_true(accepted > 1000);
	arena_destroy(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_finds_members),
		cmocka_unit_test(test_undoes_escapes),
		cmocka_unit_test(test_lists_texts),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_agrees_with_the_parser),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
