#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/protocol/redirect_uri.h"

static void test_kinds(void **state)
{
	static const struct {
		const char *uri;
		enum redirect_kind kind;
	} table[] = {
		{ "https://app.example/cb", REDIRECT_HTTPS },
		{ "https://app.example", REDIRECT_HTTPS },
		{ "https://app.example:8443/cb?a=b&c=d", REDIRECT_HTTPS },
		{ "https://127.0.0.1/cb", REDIRECT_HTTPS },
		{ "https://localhost/cb", REDIRECT_HTTPS },
		{ "https://[2001:db8::1]/cb", REDIRECT_HTTPS },
		{ "https://a:b@app.example/", REDIRECT_BAD },
		{ "https://app.example:b/", REDIRECT_BAD },
		{ "https://app.example:/", REDIRECT_BAD },
		{ "https://app.example:123456/", REDIRECT_BAD },
		{ "https://:443/", REDIRECT_BAD },
		{ "https:///cb", REDIRECT_BAD },
		{ "https://", REDIRECT_BAD },
		{ "https:", REDIRECT_BAD },
		{ "https:/app.example/cb", REDIRECT_BAD },
		{ "https:app.example", REDIRECT_BAD },
		{ "https://[::1/cb", REDIRECT_BAD },
		{ "https://app.example/#x", REDIRECT_BAD },
		{ "https://app.example/cb#", REDIRECT_BAD },
		{ "https://*.example/cb", REDIRECT_BAD },
		{ "https://app.example/*", REDIRECT_BAD },
		{ "https://app.example/a b", REDIRECT_BAD },
		{ "https://app.example\\@evil.example/", REDIRECT_BAD },
		{ "https://app.example/\"", REDIRECT_BAD },
		{ "https://app.example/<", REDIRECT_BAD },
		{ "https://app.example/\n", REDIRECT_BAD },
		{ "https://\xc3\xa4.example/", REDIRECT_BAD },
		{ "https://app.example/%c3%a4", REDIRECT_HTTPS },
		{ " https://app.example/", REDIRECT_BAD },
		{ "http://app.example/cb", REDIRECT_HTTP },
		{ "http://192.168.1.5/cb", REDIRECT_HTTP },
		{ "http://127.0.0.1/cb", REDIRECT_LOOPBACK },
		{ "http://127.0.0.1", REDIRECT_LOOPBACK },
		{ "http://127.0.0.1:4711/", REDIRECT_LOOPBACK },
		{ "http://127.0.0.1?a=b", REDIRECT_LOOPBACK },
		{ "http://[::1]/cb", REDIRECT_LOOPBACK },
		{ "http://[::1]:4711/cb", REDIRECT_LOOPBACK },
		{ "http://localhost:8000", REDIRECT_LOOPBACK },
		{ "http://localhost/", REDIRECT_LOOPBACK },
		/* What only looks like this machine. */
		{ "http://localhost.evil.example/", REDIRECT_HTTP },
		{ "http://localhost.:80/", REDIRECT_HTTP },
		{ "http://LOCALHOST/", REDIRECT_HTTP },
		{ "http://127.0.0.1.evil.example/", REDIRECT_HTTP },
		{ "http://127.0.0.11/", REDIRECT_HTTP },
		{ "http://127.1/", REDIRECT_HTTP },
		{ "http://[::1].evil.example/", REDIRECT_HTTP },
		{ "http://[::1]evil.example:80/", REDIRECT_HTTP },
		{ "http://[::2]/", REDIRECT_HTTP },
		{ "http://127.0.0.1@evil.example/", REDIRECT_BAD },
		{ "http://127.0.0.1:80@evil.example/", REDIRECT_BAD },
		{ "http://evil.example@127.0.0.1/", REDIRECT_BAD },
		{ "http://127.0.0.1:80:80/", REDIRECT_BAD },
		{ "http://127.0.0.1:8o/", REDIRECT_BAD },
		{ "http://127.0.0.1:+80/", REDIRECT_BAD },
		{ "HTTP://127.0.0.1/", REDIRECT_BAD },
		{ "HTTPS://app.example/", REDIRECT_BAD },
		{ "Https://app.example/", REDIRECT_BAD },
		/* Private-use schemes. */
		{ "app.immich:///oauth-callback", REDIRECT_PRIVATE_USE },
		{ "com.example.app:/cb", REDIRECT_PRIVATE_USE },
		{ "com.example.app://cb", REDIRECT_PRIVATE_USE },
		{ "com.example.app:/cb#x", REDIRECT_BAD },
		{ "com.example.app:/*", REDIRECT_BAD },
		{ "1com.example:/cb", REDIRECT_BAD },
		{ "-com:/cb", REDIRECT_BAD },
		{ "com_example:/cb", REDIRECT_BAD },
		{ "urn:ietf:wg:oauth:2.0:oob", REDIRECT_PRIVATE_USE },
		/* What a browser runs, shows or fetches. */
		{ "javascript:alert(1)", REDIRECT_BAD },
		{ "JavaScript:alert(1)", REDIRECT_BAD },
		{ "javascript://app.example/%0aalert(1)", REDIRECT_BAD },
		{ "data:text/html,x", REDIRECT_BAD },
		{ "DATA:text/html,x", REDIRECT_BAD },
		{ "vbscript:x", REDIRECT_BAD },
		{ "blob:https://app.example/1", REDIRECT_BAD },
		{ "file:///etc/passwd", REDIRECT_BAD },
		{ "about:blank", REDIRECT_BAD },
		{ "ftp://app.example/", REDIRECT_BAD },
		{ "ws://app.example/", REDIRECT_BAD },
		{ "mailto:a@app.example", REDIRECT_BAD },
		{ "view-source:https://app.example/", REDIRECT_BAD },
		{ "filesystem:https://app.example/", REDIRECT_BAD },
		/* No URI at all. */
		{ "", REDIRECT_BAD },
		{ ":", REDIRECT_BAD },
		{ "/cb", REDIRECT_BAD },
		{ "//app.example/cb", REDIRECT_BAD },
		{ "app.example/cb", REDIRECT_BAD },
		{ "cb", REDIRECT_BAD },
		{ NULL, REDIRECT_BAD },
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (redirect_uri_kind(table[i].uri) != table[i].kind)
			fail_msg("%s is of kind %d, not %d", table[i].uri ? table[i].uri : "(null)", (int)redirect_uri_kind(table[i].uri),
				(int)table[i].kind);
}

static void test_length(void **state)
{
	char uri[2002] = "https://app.example/";
	(void)state;
	memset(uri + strlen(uri), 'a', sizeof uri - 1 - strlen(uri));
	assert_int_equal(strlen(uri), 2001);
	assert_int_equal(redirect_uri_kind(uri), REDIRECT_BAD);
	uri[2000] = '\0';
	assert_int_equal(redirect_uri_kind(uri), REDIRECT_HTTPS);
}

static void test_matching(void **state)
{
	static const struct {
		const char *registered, *sent;
		bool matches;
	} table[] = {
		{ "https://app.example/cb", "https://app.example/cb", true },
		{ "https://a.example/ https://app.example/cb com.example:/cb", "https://app.example/cb", true },
		{ "https://a.example/ https://app.example/cb com.example:/cb", "com.example:/cb", true },
		{ "https://a.example/ https://app.example/cb", "https://a.example/ https://app.example/cb", false },
		{ "", "https://app.example/cb", false },
		{ "https://app.example/cb", "", false },
		/* To the byte: nothing is normalised. */
		{ "https://app.example/cb", "https://app.example/cb/", false },
		{ "https://app.example/cb", "https://app.example/c", false },
		{ "https://app.example/cb", "https://app.example/cbx", false },
		{ "https://app.example/cb", "https://app.example/cb?a=b", false },
		{ "https://app.example/cb?a=b", "https://app.example/cb", false },
		{ "https://app.example/cb?a=b", "https://app.example/cb?a=b", true },
		{ "https://app.example/cb", "https://app.example/cb#", false },
		{ "https://app.example/cb", "https://APP.example/cb", false },
		{ "https://app.example/cb", "https://app.example:443/cb", false },
		{ "https://app.example/cb", "https://app.example/%63b", false },
		{ "https://app.example/cb", "https://app.example/x/../cb", false },
		{ "https://app.example/cb", "http://app.example/cb", false },
		{ "https://app.example", "https://app.example/", false },
		{ "https://app.example", "https://app.example.evil.example", false },
		{ "https://app.example", "https://app.example@evil.example", false },
		{ "app.immich:///cb", "app.immich:///cb", true },
		{ "app.immich:///cb", "app.immich://x/cb", false },
		{ "app.immich:///cb", "app.immich:///CB", false },
		/* The port of this machine is the one exception. */
		{ "http://127.0.0.1/cb", "http://127.0.0.1/cb", true },
		{ "http://127.0.0.1/cb", "http://127.0.0.1:53124/cb", true },
		{ "http://127.0.0.1:80/cb", "http://127.0.0.1:53124/cb", true },
		{ "http://127.0.0.1:80/cb", "http://127.0.0.1/cb", true },
		{ "http://[::1]/cb", "http://[::1]:53124/cb", true },
		{ "http://[::1]:1/cb", "http://[::1]/cb", true },
		{ "http://localhost/cb", "http://localhost:53124/cb", true },
		{ "http://localhost:8085/cb", "http://localhost:1/cb", true },
		{ "http://localhost:8000", "http://localhost:18000", true },
		{ "http://localhost:8000", "http://localhost:18000/", false },
		{ "http://127.0.0.1/cb?a=b", "http://127.0.0.1:1/cb?a=b", true },
		{ "https://x.example/ http://127.0.0.1/cb", "http://127.0.0.1:1/cb", true },
		/* … and nothing besides the port. */
		{ "http://127.0.0.1/cb", "http://127.0.0.1:1/CB", false },
		{ "http://127.0.0.1/cb", "http://127.0.0.1:1/cb/", false },
		{ "http://127.0.0.1/cb", "http://127.0.0.1:1/", false },
		{ "http://127.0.0.1/cb", "http://127.0.0.1:1/cb?a=b", false },
		{ "http://127.0.0.1/cb?a=b", "http://127.0.0.1:1/cb?a=c", false },
		{ "http://127.0.0.1/cb?a=b", "http://127.0.0.1:1/cb", false },
		{ "http://127.0.0.1/cb", "http://127.0.0.1:1/cb#x", false },
		{ "http://127.0.0.1/cb", "http://localhost:1/cb", false },
		{ "http://127.0.0.1/cb", "http://[::1]:1/cb", false },
		{ "http://localhost/cb", "http://127.0.0.1:1/cb", false },
		{ "http://127.0.0.1/cb", "https://127.0.0.1:1/cb", false },
		{ "https://127.0.0.1/cb", "https://127.0.0.1:1/cb", false },
		{ "https://localhost/cb", "https://localhost:1/cb", false },
		{ "https://127.0.0.1/cb", "http://127.0.0.1:1/cb", false },
		{ "https://app.example/cb", "https://app.example:1/cb", false },
		{ "http://app.example/cb", "http://app.example:1/cb", false },
		{ "http://192.168.1.5/cb", "http://192.168.1.5:1/cb", false },
		{ "http://127.0.0.2/cb", "http://127.0.0.2:1/cb", false },
		{ "http://127.0.0.1/cb", "http://127.0.0.1:/cb", false },
		{ "http://127.0.0.1/cb", "http://127.0.0.1:123456/cb", false },
		{ "http://127.0.0.1/cb", "http://127.0.0.1:1@evil.example/cb", false },
		{ "http://127.0.0.1/cb", "http://x@127.0.0.1:1/cb", false },
		{ "http://127.0.0.1/cb", "http://127.0.0.1:1.evil.example/cb", false },
		{ "http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb", false },
		{ "http://localhost/cb", "http://localhost.evil.example/cb", false },
		{ "http://localhost/cb", "http://localhost.evil.example:1/cb", false },
		{ "http://localhost/cb", "http://LOCALHOST:1/cb", false },
		{ "http://localhost/cb", "HTTP://localhost:1/cb", false },
		{ "http://[::1]/cb", "http://[::1]evil.example:1/cb", false },
		{ "http://[::1]/cb", "http://[::1]@evil.example/cb", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct client client = { .redirect_uris = table[i].registered };
		if (redirect_uri_matches(&client, table[i].sent) != table[i].matches)
			fail_msg("%s, registered %s: %d", table[i].sent, table[i].registered, !table[i].matches);
	}
}

/* A row that somebody else wrote could hold longer ones than can be registered. */
static void test_long_registered(void **state)
{
	char list[5000];
	struct client client = { .redirect_uris = list };
	(void)state;
	memset(list, 'a', sizeof list);
	memcpy(list, "http://127.0.0.1/", 17);
	strcpy(list + 4000, " http://127.0.0.1/x");
	assert_true(redirect_uri_matches(&client, "http://127.0.0.1:1/x"));
	list[4000] = '\0';
	assert_false(redirect_uri_matches(&client, "http://127.0.0.1:1/x"));
}

static void test_origin(void **state)
{
	static const struct {
		const char *uri, *origin;
	} table[] = {
		{ "https://app.example/cb?a#b", "https://app.example" },
		{ "https://app.example", "https://app.example" },
		{ "https://app.example?x", "https://app.example" },
		{ "http://[::1]:8080/x", "http://[::1]:8080" },
		{ "https://id.example.org/sub/path", "https://id.example.org" },
		{ "com.example.app:/cb", NULL },
		{ "app.immich:///cb", NULL },
		{ "https://user@app.example/", NULL },
		{ "cb", NULL },
	};
	struct arena *arena = arena_create(65536);
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const char *origin = redirect_uri_origin(arena, table[i].uri);
		if (table[i].origin)
			assert_string_equal(origin, table[i].origin);
		else
			assert_null(origin);
	}
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_matching),
		cmocka_unit_test(test_long_registered),
		cmocka_unit_test(test_origin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
