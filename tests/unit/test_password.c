#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/http/messages.h"
#include "lib/identity/password.h"

static const struct config config = { .password_min_length = 15 };

static void problem(const char *username, const char *password, const char *expected)
{
	const char *key = password_problem(&config, username, password);
	if (!expected) {
		if (key)
			fail_msg("%s: %s", password, key);
		return;
	}
	assert_non_null(key);
	assert_string_equal(key, expected);
	assert_non_null(message_find(key));
}

static void test_problems(void **state)
{
	char text[1100];
	(void)state;
	problem("ada", "correct horse battery", NULL);
	problem(NULL, "correct horse battery", NULL);
	problem("ada", "               ", NULL); /* any characters, no rules of composition */
	problem("ada", "aaaaaaaaaaaaaaa", NULL);
	problem("ada", "aaaaaaaaaaaaaa", "password_too_short");
	problem("ada", "", "password_too_short");
	/* Code points count, not bytes. */
	problem("ada", "ääääääääääääää", "password_too_short");
	problem("ada", "äääääääääääääää", NULL);
	problem("ada", "😀😀😀😀😀😀😀😀😀😀😀😀😀😀", "password_too_short");
	problem("ada", "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀", NULL);
	problem("ada", "correct horse\nbattery", "password_malformed");
	problem("ada", "correct horse\x7f battery", "password_malformed");
	problem("ada", "correct horse\xff battery", "password_malformed");
	problem("ada", "correct horse\xc2\x85 battery", "password_malformed");
	problem("ada", "\xff", "password_malformed");
	problem("a-very-long-name", "a-very-long-name", "password_is_username");
	problem("A-Very-Long-Name", "a-very-long-NAME", "password_is_username");
	problem("a-very-long-name", "a-very-long-name!", NULL);

	text[0] = '\0';
	for (int i = 0; i < 256; i++)
		strcat(text, "😀");
	problem("ada", text, NULL);
	strcat(text, "a");
	problem("ada", text, "password_too_long");
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
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_purpose),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
