#include "tests/unit/context_fixture.h"

#include "lib/identity/passkey.h"

static const char *rp_id_of(const char *issuer)
{
	fixture.config.issuer = issuer;
	return passkey_rp_id(c);
}

static void test_rp_id_is_the_host(void **state)
{
	(void)state;
	assert_string_equal(rp_id_of("https://id.example.org"), "id.example.org");
	assert_string_equal(rp_id_of("https://ID.example.org:8443/tenant"), "id.example.org");
	assert_string_equal(rp_id_of("http://localhost:8080"), "localhost");
	assert_string_equal(rp_id_of("https://4you.example"), "4you.example");
}

static void test_no_passkeys_without_a_name(void **state)
{
	static const char *const issuers[] = { "https://192.0.2.1", "https://192.0.2.1:8443/id", "https://[2001:db8::1]", "https://[::1]:8443",
		"http://127.0.0.1:8080", "https://0x7f000001", "https://2130706433", "http://id.example.org" };

	(void)state;
	for (size_t i = 0; i < sizeof issuers / sizeof *issuers; i++)
		assert_null(rp_id_of(issuers[i]));
}

static void test_challenges(void **state)
{
	struct flow flow = { .flow_id = "f1" };

	(void)state;
	send_cookie("flow-f1", "secret");
	const char *first = passkey_site_of_flow(c, &flow)->challenge;
	assert_string_equal(first, passkey_site_of_flow(c, &flow)->challenge);
	assert_string_equal(passkey_site_of_flow(c, &flow)->origin, ISSUER);
	flow.passkey_challenges = 1;
	assert_string_not_equal(first, passkey_site_of_flow(c, &flow)->challenge);
	flow.passkey_challenges = 0;
	send_cookie("flow-f1", "other");
	assert_string_not_equal(first, passkey_site_of_flow(c, &flow)->challenge);
	/* To register is another purpose, even under one key. */
	struct user user = { .user_id = "u" };
	send_cookie("session", "secret");
	assert_string_not_equal(first, passkey_site_of_session(c, &user)->challenge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_rp_id_is_the_host),
		context_test(test_no_passkeys_without_a_name),
		context_test(test_challenges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
