#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/base/buffer.h"

static void test_grows(void **state)
{
	(void)state;
	struct arena *arena = arena_create(1024 * 1024);
	struct buffer buffer = buffer_create(arena, 0);
	assert_string_equal(buffer.data, "");
	for (int i = 0; i < 1000; i++) {
		buffer_format(&buffer, "%03d", i);
		assert_int_equal(buffer.data[buffer.length], '\0');
	}
	assert_int_equal(buffer.length, 3000);
	assert_memory_equal(buffer.data, "000001002", 9);
	assert_string_equal(buffer.data + 2997, "999");
	arena_destroy(arena);
}

static void test_kinds(void **state)
{
	(void)state;
	struct arena *arena = arena_create(1024 * 1024);
	struct buffer buffer = buffer_create(arena, 2);
	buffer_text(&buffer, "ab");
	buffer_text(&buffer, "");
	buffer_char(&buffer, 'c');
	buffer_bytes(&buffer, "d\0e", 3);
	buffer_bytes(&buffer, NULL, 0);
	buffer_format(&buffer, "%s", "");
	buffer_format(&buffer, "%c%d", 'f', 7);
	assert_int_equal(buffer.length, 8);
	assert_memory_equal(buffer.data, "abcd\0ef7", 9);
	arena_destroy(arena);
}

static void test_takes_from_itself(void **state)
{
	(void)state;
	struct arena *arena = arena_create(1024 * 1024);
	struct buffer buffer = buffer_create(arena, 4);
	buffer_text(&buffer, "abcd");
	for (int i = 0; i < 6; i++)
		buffer_bytes(&buffer, buffer.data, buffer.length);
	assert_int_equal(buffer.length, 256);
	assert_string_equal(buffer.data + 252, "abcd");
	arena_destroy(arena);
}

static jmp_buf unwind;

static void leave(void *context)
{
	(void)context;
	longjmp(unwind, 1);
}

static void test_impossible_length(void **state)
{
	(void)state;
	struct arena *arena = arena_create(100000);
	arena_on_exhausted(arena, leave, NULL);
	static struct buffer buffer;
	buffer = buffer_create(arena, 8);
	buffer_text(&buffer, "abc");
	static const size_t lengths[] = { SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 4, 200000 };
	for (volatile size_t i = 0; i < 4; i++) {
		if (setjmp(unwind) == 0) {
			buffer_bytes(&buffer, "x", lengths[i]);
			fail();
		}
		assert_string_equal(buffer.data, "abc");
	}
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_takes_from_itself),
		cmocka_unit_test(test_impossible_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
