/* The encrypted stream of backups: what was written comes back, and nothing that was touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/crypto/sealed_stream.h"

enum { HEADER = 68, SEALED_CHUNK = 65536 + 17, MOST = 3 * 65536 + 5 };

static const char passphrase[] = "a passphrase of some length";
static struct arena *arena;
static unsigned char text[MOST], back[MOST];

static int setup(void **state)
{
	(void)state;
	arena = arena_create(64 * 1024 * 1024);
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (unsigned char)(i * 31 + i / 251);
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static int temporary(void)
{
	char name[] = "/tmp/latchkey-unit-XXXXXX";
	int file = mkstemp(name);

	assert_true(file >= 0);
	unlink(name);
	return file;
}

static int make(size_t length)
{
	const char *error = NULL;
	int file = temporary();
	struct sealed_stream *stream = sealed_stream_create(arena, file, passphrase, &error);

	assert_non_null(stream);
	/* In uneven parts. */
	for (size_t at = 0; at < length; at += 7001)
		assert_true(sealed_stream_write(stream, text + at, length - at < 7001 ? length - at : 7001));
	assert_true(sealed_stream_finish(stream));
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	return file;
}

/* NULL if `length` bytes come back whole, else why not. Closes the file. */
static const char *read_back(int file, size_t length, const char *by)
{
	const char *error = NULL;
	struct sealed_stream *stream;

	lseek(file, 0, SEEK_SET);
	stream = sealed_stream_open(arena, file, by, &error);
	if (stream && sealed_stream_read(stream, back, length, &error) && sealed_stream_ended(stream, &error))
		assert_memory_equal(back, text, length);
	close(file);
	return error;
}

static void gives_back_what_was_written(void **state)
{
	static const size_t lengths[] = { 0, 1, 65535, 65536, 65537, 2 * 65536, MOST };

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		assert_null(read_back(make(lengths[i]), lengths[i], passphrase));
	assert_non_null(read_back(make(10), 11, passphrase));
	assert_non_null(read_back(make(10), 9, passphrase));
	assert_non_null(read_back(make(65536), 65537, passphrase));
}

static void asks_for_the_passphrase(void **state)
{
	(void)state;
	assert_non_null(strstr(read_back(make(10), 10, "a passphrase of some lengtH"), "passphrase"));
	assert_non_null(read_back(make(10), 10, ""));
}

static void notices_what_is_missing(void **state)
{
	static const int lengths[] = { 0, 5, 15, 16, 40, HEADER - 1, HEADER, HEADER + 10, HEADER + SEALED_CHUNK - 1, HEADER + SEALED_CHUNK,
		HEADER + SEALED_CHUNK + 10, HEADER + 2 * SEALED_CHUNK, HEADER + 3 * SEALED_CHUNK, HEADER + 3 * SEALED_CHUNK + 21 };

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		int file = make(MOST);

		assert_int_equal(ftruncate(file, lengths[i]), 0);
		assert_non_null(read_back(file, MOST, passphrase));
	}
}

static void notices_what_is_changed(void **state)
{
	static const int places[] = { 0, 16, 20, 24, 30, 50, HEADER, HEADER + 5, HEADER + SEALED_CHUNK - 1, HEADER + SEALED_CHUNK,
		HEADER + 3 * SEALED_CHUNK, HEADER + 3 * SEALED_CHUNK + 21 };
	unsigned char byte;

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		int file = make(MOST);

		assert_int_equal(pread(file, &byte, 1, places[i]), 1);
		byte ^= 1;
		assert_int_equal(pwrite(file, &byte, 1, places[i]), 1);
		assert_non_null(read_back(file, MOST, passphrase));
	}
}

static void notices_what_is_added_or_moved(void **state)
{
	static unsigned char first[SEALED_CHUNK], second[SEALED_CHUNK];
	int file = make(10), other;

	(void)state;
	assert_int_equal(pwrite(file, "x", 1, HEADER + 10 + 17), 1);
	assert_non_null(read_back(file, 10, passphrase));
	file = make(65536);
	assert_int_equal(pwrite(file, "x", 1, lseek(file, 0, SEEK_END)), 1);
	assert_non_null(read_back(file, 65536, passphrase));
	file = make(MOST);
	assert_int_equal(pread(file, first, SEALED_CHUNK, HEADER), SEALED_CHUNK);
	assert_int_equal(pread(file, second, SEALED_CHUNK, HEADER + SEALED_CHUNK), SEALED_CHUNK);
	assert_int_equal(pwrite(file, second, SEALED_CHUNK, HEADER), SEALED_CHUNK);
	assert_int_equal(pwrite(file, first, SEALED_CHUNK, HEADER + SEALED_CHUNK), SEALED_CHUNK);
	assert_non_null(read_back(file, MOST, passphrase));
	/* A chunk of another stream under the same passphrase. */
	file = make(MOST);
	other = make(MOST);
	assert_int_equal(pread(other, first, SEALED_CHUNK, HEADER + SEALED_CHUNK), SEALED_CHUNK);
	assert_int_equal(pwrite(file, first, SEALED_CHUNK, HEADER + SEALED_CHUNK), SEALED_CHUNK);
	close(other);
	assert_non_null(read_back(file, MOST, passphrase));
}

static void takes_no_cost_that_a_stranger_chose(void **state)
{
	static const unsigned char huge[4] = { 0xff, 0xff, 0xff, 0xff }, none[4];

	(void)state;
	for (int place = 20; place <= 24; place += 4)
		for (int i = 0; i < 2; i++) {
			int file = make(1);

			assert_int_equal(pwrite(file, i ? huge : none, 4, place), 4);
			assert_non_null(read_back(file, 1, passphrase));
		}
}

static void reveals_nothing(void **state)
{
	static unsigned char sealed[HEADER + MOST + 4 * 17];
	int file = make(MOST);

	(void)state;
	assert_int_equal(read(file, sealed, sizeof sealed), sizeof sealed);
	close(file);
	for (size_t at = 0; at + 64 <= MOST; at += 64)
		assert_null(memmem(sealed, sizeof sealed, text + at, 16));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_back_what_was_written),
		cmocka_unit_test(asks_for_the_passphrase),
		cmocka_unit_test(notices_what_is_missing),
		cmocka_unit_test(notices_what_is_changed),
		cmocka_unit_test(notices_what_is_added_or_moved),
		cmocka_unit_test(takes_no_cost_that_a_stranger_chose),
		cmocka_unit_test(reveals_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
