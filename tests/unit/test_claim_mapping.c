#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/protocol/claim_mapping.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_create(1 << 20);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static const char *compiled(const char *json, const char **error)
{
	const struct cJSON *object = json_parse(arena, json, strlen(json), NULL);
	if (!object)
		fail_msg("no JSON: %s", json);
	return claim_mapping_read(arena, object, error);
}

/* Read, and written as it came (a type that was left out is named). */
static void test_both_ways(void **state)
{
	static const char *const table[][3] = {
		{ "{}", "", "{}" },
		{ "{\"quota\":{\"value\":10}}", "quota\tconstant\t10\n", "{\"quota\":{\"value\":10}}" },
		{ "{\"a\":{\"value\":\"x\\ty\\n\"}}", "a\tconstant\t\"x\\u0009y\\n\"\n", "{\"a\":{\"value\":\"x\\u0009y\\n\"}}" },
		{ "{\"a\":{\"value\":false},\"b\":{\"value\":null},\"c\":{\"value\":{\"d\":[1]}}}",
			"a\tconstant\tfalse\nb\tconstant\tnull\nc\tconstant\t{\"d\":[1]}\n",
			"{\"a\":{\"value\":false},\"b\":{\"value\":null},\"c\":{\"value\":{\"d\":[1]}}}" },
		{ "{\"policy\":{\"claim\":\"groups\",\"type\":\"string\"}}", "policy\tstring\tgroups\n",
			"{\"policy\":{\"claim\":\"groups\",\"type\":\"string\"}}" },
		{ "{\"user\":{\"claim\":\"sub\"}}", "user\traw\tsub\n", "{\"user\":{\"claim\":\"sub\",\"type\":\"raw\"}}" },
		{ "{\"email\":{\"claim\":\"work_mail\",\"type\":\"array\"}}", "email\tarray\twork_mail\n",
			"{\"email\":{\"claim\":\"work_mail\",\"type\":\"array\"}}" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const char *error = NULL;
		const char *lines = compiled(table[i][0], &error);
		if (!lines)
			fail_msg("%s: %s", table[i][0], error);
		assert_string_equal(lines, table[i][1]);
		struct buffer out = buffer_create(arena, 64);
		claim_mapping_write(&out, NULL, lines);
		assert_string_equal(out.data, table[i][2]);
	}
}

static void test_refusing(void **state)
{
	static const char *const table[] = {
		"[]", "7", "null", "\"a\"", "{\"a\":7}", "{\"a\":null}", "{\"a\":[]}", "{\"a\":{}}", "{\"a\":{\"type\":\"string\"}}",
		"{\"a\":{\"claim\":7}}", "{\"a\":{\"claim\":\"\"}}", "{\"a\":{\"claim\":\"a b\"}}", "{\"a\":{\"claim\":\"b\\tc\"}}",
		"{\"a\":{\"claim\":\"b\\nc\"}}", "{\"a\":{\"claim\":\"b\",\"type\":\"float\"}}", "{\"a\":{\"claim\":\"b\",\"type\":\"constant\"}}",
		"{\"a\":{\"claim\":\"b\",\"type\":7}}", "{\"a\":{\"claim\":\"b\",\"value\":1}}", "{\"a\":{\"value\":1,\"type\":\"string\"}}",
		"{\"a\":{\"value\":1,\"note\":2}}", "{\"a b\":{\"value\":1}}", "{\"\":{\"value\":1}}", "{\"a\\tb\":{\"value\":1}}",
		"{\"a\\nb\":{\"value\":1}}", "{\"\xc3\xa4\":{\"value\":1}}", "{\"sub\":{\"value\":\"root\"}}", "{\"iss\":{\"claim\":\"email\"}}",
		"{\"ok\":{\"value\":1},\"exp\":{\"value\":1}}",
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const char *error = NULL;
		if (compiled(table[i], &error))
			fail_msg("%s", table[i]);
		assert_non_null(error);
		assert_non_null(strstr(error, "claim_mapping"));
	}
}

static void test_limits(void **state)
{
	struct buffer json = buffer_create(arena, 4096);
	const char *error;
	(void)state;
	for (int i = 0; i < 32; i++)
		buffer_format(&json, "%c\"c%d\":{\"value\":1}", i ? ',' : '{', i);
	assert_non_null(compiled(arena_format(arena, "%s}", json.data), &error));
	assert_null(compiled(arena_format(arena, "%s,\"more\":{\"value\":1}}", json.data), &error));

	char text[1025];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_null(compiled(arena_format(arena, "{\"a\":{\"value\":\"%s\"}}", text), &error));
	text[1022] = '\0';
	assert_non_null(compiled(arena_format(arena, "{\"a\":{\"value\":\"%s\"}}", text), &error));
}

/* Lines that somebody else damaged do not run past their end. */
static void test_damaged_lines(void **state)
{
	static const char *const table[] = { "", "a", "a\t", "a\traw", "a\traw\t", "a\traw\tb", "\n", "\t\t", "a\n\t" };
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct buffer out = buffer_create(arena, 64);
		claim_mapping_write(&out, NULL, table[i]);
		assert_string_equal(out.data, "{}");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_both_ways, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refusing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damaged_lines, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
