#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/http/messages.h"
#include "lib/identity/password.h"

static const struct config config = { .password_min_length = 15, .site_name = "Latchkey" };

static void problem(const char *username, const char *password, const char *expected)
{
	struct arena *arena = arena_create(1 << 20);
	const char *key = password_check(arena, &config, &(struct password_subject){ .username = username }, password);
	arena_destroy(arena);
	if (!expected) {
		if (key)
			fail_msg("%s: %s", password, key);
		return;
	}
	assert_non_null(key);
	assert_string_equal(key, expected);
	assert_non_null(message_find(key));
}

static void test_lengths(void **state)
{
	char text[1100] = "";
	(void)state;
	problem("ada", "correct horse battery", NULL);
	problem(NULL, "correct horse battery", NULL);
	problem("ada", "", "password_too_short");
	problem("ada", "xk3$9 vu7!q-Lz", "password_too_short");
	problem("ada", "xk3$9 vu7!q-Lzo", NULL);
	/* Code points count, not bytes, and after normalisation: a and a combining diaeresis are one. */
	problem("ada", "äöüßéèêçñøåæœž", "password_too_short");
	problem("ada", "äöüßéèêçñøåæœžš", NULL);
	problem("ada", "a\xcc\x88o\xcc\x88u\xcc\x88ßéèêçñøåæœž", "password_too_short");
	for (int i = 0; i < 256; i++)
		strcat(text, i % 2 ? "😀" : "ж");
	problem("ada", text, NULL);
	strcat(text, "a");
	problem("ada", text, "password_too_long");
}

static void test_characters(void **state)
{
	(void)state;
	problem("ada", "correct horse\nbattery", "password_malformed");
	problem("ada", "correct horse\x7f battery", "password_malformed");
	problem("ada", "correct horse\xff battery", "password_malformed");
	problem("ada", "correct horse\xc2\x85 battery", "password_malformed");
	problem("ada", "\xff", "password_malformed");
}

static void test_guessable(void **state)
{
	(void)state;
	problem("ada", "               ", "password_pattern");
	problem("ada", "aaaaaaaaaaaaaaa", "password_pattern");
	problem("ada", "abcdefghijklmnop", "password_pattern");
	problem("ada", "123456789012345", "password_pattern");
	problem("ada", "passwordpassword", "password_pattern");
	problem("ada", "password password", "password_guessable");
	problem("ada", "correct horse battery staple", NULL);
	problem("ada", "another long enough password", NULL);
}

static void test_personal(void **state)
{
	struct arena *arena = arena_create(1 << 20);
	const struct config eight = { .password_min_length = 15, .password_min_length_second_factor = 8, .site_name = "Example Hall" };
	struct password_subject ada = { .username = "ada", .email = "ada.lovelace@example.org", .names = { "Ada King-Lovelace" } };
	(void)state;
	problem("a-very-long-name", "a-very-long-name", "password_is_username");
	problem("A-Very-Long-Name", "a-very-long-NAME", "password_is_username");
	problem("a-very-long-name", "a-very-long-name!", "password_personal");
	assert_string_equal(password_check(arena, &eight, &ada, "Ada.Lovelace@example.ORG"), "password_personal");
	assert_string_equal(password_check(arena, &eight, &ada, "ada king-lovelace"), "password_personal");
	assert_string_equal(password_check(arena, &eight, &ada, "examplehall"), "password_too_short");
	ada.second_factor = true;
	assert_string_equal(password_check(arena, &eight, &ada, "ada.lovelace"), "password_personal");
	assert_string_equal(password_check(arena, &eight, &ada, "Example Hall"), "password_personal");
	assert_null(password_check(arena, &eight, &ada, "xk3$9 vu"));
	assert_string_equal(password_check(arena, &eight, &ada, "xk3$9 v"), "password_too_short");
	assert_int_equal(password_score(arena, &eight, &ada, "aaaaaaaa"), 0);
	assert_int_equal(password_score(arena, &eight, &ada, "xk3$9 vu7!q-Lzo"), 4);
	assert_int_equal(password_score(arena, &eight, &ada, ""), 0);
	arena_destroy(arena);
}

static void test_normalise(void **state)
{
	struct arena *arena = arena_create(65536);
	(void)state;
	assert_string_equal(password_normalise(arena, "plain"), "plain");
	assert_string_equal(password_normalise(arena, "a\xcc\x88"), "ä");
	assert_string_equal(password_normalise(arena, "\xff"), "\xff");
	assert_string_equal(password_normalise(arena, ""), "");
	arena_destroy(arena);
}

static void test_purpose(void **state)
{
	struct arena *arena = arena_create(65536);
	(void)state;
	assert_string_equal(password_purpose(arena, "u1"), "users.password:u1");
	assert_string_equal(password_purpose(arena, ""), "users.password:");
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_guessable),
		cmocka_unit_test(test_personal),
		cmocka_unit_test(test_normalise),
		cmocka_unit_test(test_purpose),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
