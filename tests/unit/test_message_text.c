#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/http/message_text.h"
#include "lib/http/messages.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_create(65536);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static void test_replacing(void **state)
{
	(void)state;
	assert_string_equal(message_text(arena, "scope_other", "scope", "books"), "Use the permission “books”.");
	assert_string_equal(message_text(arena, "login_for", "client_name", ""), "to continue to ");
	/* Neither escaped nor read again. */
	assert_string_equal(message_text(arena, "login_for", "client_name", "<b>&{client_name}"), "to continue to <b>&{client_name}");
	/* Other names stay, and so does a text without any. */
	assert_string_equal(message_text(arena, "login_for", "client", "x"), message("login_for"));
	assert_string_equal(message_text(arena, "field_password", "field_password", "x"), message("field_password"));
	/* A key that nobody has stands for itself. */
	assert_string_equal(message_text(arena, "{a}-{a}{a}", "a", "bc"), "bc-bcbc");
	assert_string_equal(message_text(arena, "{a", "a", "bc"), "{a");
	assert_string_equal(message_text(arena, "", "a", "bc"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_replacing, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
