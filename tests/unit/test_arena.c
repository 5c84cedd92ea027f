#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"

static jmp_buf unwind;

static void leave(void *context)
{
	*(int *)context += 1;
	longjmp(unwind, 1);
}

static void test_is_zeroed_and_aligned(void **state)
{
	(void)state;
	static const unsigned char zero[4096];
	struct arena *arena = arena_create(10 * 1024 * 1024);
	assert_non_null(arena);
	for (int round = 0; round < 3; round++) {
		for (size_t size = 0; size < 3000; size += 7) {
			unsigned char *bytes = arena_alloc(arena, size);
			assert_int_equal((uintptr_t)bytes % 16, 0);
			assert_memory_equal(bytes, zero, size);
			memset(bytes, 0xa5, size);
		}
		arena_reset(arena);
	}
	arena_destroy(arena);
}

static void test_larger_than_a_chunk(void **state)
{
	(void)state;
	struct arena *arena = arena_create(10 * 1024 * 1024);
	char *small = arena_text(arena, "small");
	char *large = arena_alloc(arena, 1000000);
	memset(large, 'x', 1000000);
	char *after = arena_text(arena, "after");
	assert_string_equal(small, "small");
	assert_string_equal(after, "after");
	assert_int_equal(large[999999], 'x');
	arena_destroy(arena);
}

static void test_copies(void **state)
{
	(void)state;
	struct arena *arena = arena_create(1024 * 1024);
	assert_null(arena_text(arena, NULL));
	assert_string_equal(arena_copy(arena, "abcdef", 3), "abc");
	assert_string_equal(arena_copy(arena, "abcdef", 0), "");
	assert_string_equal(arena_format(arena, "%s-%d", "x", 42), "x-42");
	char long_text[5000];
	memset(long_text, 'y', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	assert_int_equal(strlen(arena_format(arena, "<%s>", long_text)), 5001);
	arena_destroy(arena);
}

static void test_limit(void **state)
{
	(void)state;
	static int calls;
	static const size_t sizes[] = { 100001, SIZE_MAX, SIZE_MAX - 15, SIZE_MAX / 2, SIZE_MAX / 2 + 1 };
	struct arena *arena = arena_create(100000);
	calls = 0;
	arena_on_exhausted(arena, leave, &calls);
	for (volatile size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		if (setjmp(unwind) == 0) {
			arena_alloc(arena, sizes[i]);
			fail();
		}
		assert_int_equal(calls, (int)i + 1);
	}
	arena_alloc(arena, 60000);
	if (setjmp(unwind) == 0) {
		arena_alloc(arena, 60000);
		fail();
	}
	assert_int_equal(calls, 6);
	arena_reset(arena);
	assert_non_null(arena_alloc(arena, 60000));
	arena_destroy(arena);
}

static void test_destroy_nothing(void **state)
{
	(void)state;
	arena_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_zeroed_and_aligned),
		cmocka_unit_test(test_larger_than_a_chunk),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_destroy_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
