/* Browsers in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/http/user_agent.h"

static struct arena *arena;

static int start(void **state)
{
	(void)state;
	arena = arena_create(1024 * 1024);
	return arena ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static void names_common_browsers(void **state)
{
	static const char *const known[][2] = {
		{ "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux" },
		{ "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36", "Chrome on Windows" },
		{ "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "Edge on Windows" },
		{ "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15", "Safari on macOS" },
		{ "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "Safari on iPhone" },
		{ "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1", "Chrome on iPad" },
		{ "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36", "Chrome on Android" },
		{ "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36", "Samsung Internet on Android" },
		{ "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36", "Chrome on ChromeOS" },
		{ "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36", "Chrome on Linux" },
		{ "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 OPR/112.0", "Opera on Windows" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		assert_string_equal(user_agent_text(arena, known[i][0]), known[i][1]);
}

static void says_what_it_does_not_know(void **state)
{
	(void)state;
	assert_string_equal(user_agent_text(arena, NULL), "Unknown device");
	assert_string_equal(user_agent_text(arena, ""), "Unknown device");
	assert_string_equal(user_agent_text(arena, "curl/8.0"), "Unknown device");
	assert_string_equal(user_agent_text(arena, "Firefox/128.0"), "Firefox");
	assert_string_equal(user_agent_text(arena, "Something (Windows NT 10.0)"), "Windows");
}

/* Whatever stands in the header, only words of ours come out. */
static void repeats_nothing_hostile(void **state)
{
	char endless[4096];

	(void)state;
	assert_string_equal(user_agent_text(arena, "<script>alert(1)</script> Firefox/<b> (Linux"), "Firefox");
	assert_string_equal(user_agent_text(arena, "(Linux<script>"), "Linux");
	assert_string_equal(user_agent_text(arena, "NotFirefox/1 (NotLinux)"), "Unknown device");
	assert_string_equal(user_agent_text(arena, "x) Linux ("), "Unknown device");
	assert_string_equal(user_agent_text(arena, "((((((((;;;;;  %s%n Chrome/"), "Chrome");
	memset(endless, '(', sizeof endless - 1);
	endless[sizeof endless - 1] = '\0';
	assert_string_equal(user_agent_text(arena, endless), "Unknown device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_common_browsers),
		cmocka_unit_test(says_what_it_does_not_know),
		cmocka_unit_test(repeats_nothing_hostile),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
