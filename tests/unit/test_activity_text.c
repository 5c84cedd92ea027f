/* Audit events in words for their user. Runs from the root of the repository. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/text.h"
#include "lib/identity/activity_text.h"
#include "lib/records/audit_store.h"

/* What is no user's business, or happens so often that it would bury the rest; "tokens." means all that begin so. */
static const char *const left_out[] = { "tokens.", "client.", "client_credentials.", "resource.", "scope.", "key.", "invitation.", "installation.", "mail.",
	"code.refused", "refresh.refused", "user.deleted" };

static bool is_left_out(const char *event)
{
	for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
		if (text_starts_with(event, left_out[i]))
			return true;
	return false;
}

static void every_event_has_a_sentence_or_is_left_out(void **state)
{
	struct arena *arena = arena_create(1024 * 1024);
	const char *events = activity_events(arena);
	FILE *file = fopen("lib/records/audit_store.h", "rb");
	char line[256], event[64];
	int count = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		if (sscanf(line, "#define AUDIT_%*[A-Z_] \"%63[^\"]\"", event) != 1)
			continue;
		count++;
		const char *text = activity_text(event);
		if (is_left_out(event) ? text != NULL : !text || !text_ends_with(text, "."))
			fail_msg("%s: %s", event, text ? text : "has no sentence");
		assert_int_equal(words_contain(events, event), text != NULL);
	}
	fclose(file);
	assert_true(count > 30);
	arena_destroy(arena);
}

static void knows_nothing_else(void **state)
{
	(void)state;
	assert_null(activity_text("login"));
	assert_null(activity_text(""));
	assert_null(activity_text("activity_login"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_has_a_sentence_or_is_left_out),
		cmocka_unit_test(knows_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
