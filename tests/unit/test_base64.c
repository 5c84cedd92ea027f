#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/crypto/base64.h"
#include "lib/crypto/random.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_create(8 << 20);
	return arena == NULL;
}

static int teardown(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static const struct {
	const char *bytes;
	const char *plain;
	const char *url;
} vectors[] = { /* RFC 4648 10 */
	{"", "", ""},
	{"f", "Zg==", "Zg"},
	{"fo", "Zm8=", "Zm8"},
	{"foo", "Zm9v", "Zm9v"},
	{"foob", "Zm9vYg==", "Zm9vYg"},
	{"fooba", "Zm9vYmE=", "Zm9vYmE"},
	{"foobar", "Zm9vYmFy", "Zm9vYmFy"},
	{"\xfb\xef\xff\xfe", "++///g==", "--___g"},
};

static void known_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		const char *bytes = vectors[i].bytes;
		size_t length = 99;

		assert_string_equal(base64_encode(arena, bytes, strlen(bytes)), vectors[i].plain);
		assert_string_equal(base64url_encode(arena, bytes, strlen(bytes)), vectors[i].url);
		assert_string_equal((char *)base64url_decode(arena, vectors[i].url, strlen(vectors[i].url), &length), bytes);
		assert_int_equal(length, strlen(bytes));
		assert_string_equal((char *)base64_decode(arena, vectors[i].plain, strlen(vectors[i].plain), &length), bytes);
		assert_int_equal(length, strlen(bytes));
		/* Padding is optional. */
		length = strcspn(vectors[i].plain, "=");
		assert_string_equal((char *)base64_decode(arena, vectors[i].plain, length, &length), bytes);
	}
	assert_string_equal(base64url_encode(arena, NULL, 0), "");
}

static void every_length_comes_back(void **state)
{
	unsigned char bytes[100];

	(void)state;
	for (size_t size = 0; size <= sizeof bytes; size++) {
		const char *text;
		unsigned char *back;
		size_t length;

		random_bytes(bytes, size);
		text = base64url_encode(arena, bytes, size);
		back = base64url_decode(arena, text, strlen(text), &length);
		assert_non_null(back);
		assert_int_equal(length, size);
		assert_memory_equal(back, bytes, size);
		assert_int_equal(back[length], 0);
		text = base64_encode(arena, bytes, size);
		back = base64_decode(arena, text, strlen(text), &length);
		assert_non_null(back);
		assert_int_equal(length, size);
		assert_memory_equal(back, bytes, size);
	}
}

static void url_refuses(const char *text, size_t text_length)
{
	size_t length;

	assert_null(base64url_decode(arena, text, text_length, &length));
}

static void plain_refuses(const char *text)
{
	size_t length;

	assert_null(base64_decode(arena, text, strlen(text), &length));
}

static void malformed_is_refused(void **state)
{
	static const char *const both[] = {
		"A", "AAAAA", "A A=", "AA\n", " AAA", "AAA.", "AA=A", "=AAA", "A=", "A==", "A===", "====", "=", "==", "AAAA=", "AAAA==",
		"AB", "AAB", "AAAAAB", "\xc3\xa4", "AAA\x80",
	};

	(void)state;
	for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
		url_refuses(both[i], strlen(both[i]));
		plain_refuses(both[i]);
	}
	url_refuses("Zg==", 4);
	url_refuses("AA+A", 4);
	url_refuses("AA/A", 4);
	url_refuses("AA\0A", 4);
	plain_refuses("AA-A");
	plain_refuses("AA_A");
	plain_refuses("Zg=");
	plain_refuses("Zg===");
	plain_refuses("Zm9=v");
}

/* Of all texts of two characters exactly 256 decode: each byte has one spelling. */
static void spelling_is_unique(void **state)
{
	int good = 0;

	(void)state;
	for (int a = 0; a < 256; a++) {
		for (int b = 0; b < 256; b++) {
			char text[2] = {(char)a, (char)b};
			size_t length;

			good += base64url_decode(arena, text, 2, &length) != NULL;
		}
	}
	assert_int_equal(good, 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(known_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(every_length_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(malformed_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(spelling_is_unique, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
