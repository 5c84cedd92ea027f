#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/protocol/metadata.h"
#include "lib/protocol/scope.h"

static struct arena *arena;
static struct config config;

static int set_up(void **state)
{
	(void)state;
	config = (struct config){ .issuer = "https://id.example.org", .endpoint_path = "/cgi-bin", .static_path = "", .iss_parameter = true };
	arena = arena_create(1 << 20);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static const struct cJSON *document(void)
{
	struct buffer out = buffer_create(arena, 64);
	metadata_write(&out, &config);
	const struct cJSON *json = json_parse(arena, out.data, out.length, NULL);
	assert_true(json_is_object(json));
	return json;
}

static void says(const struct cJSON *json, const char *member, const char *value)
{
	const struct cJSON *found = json_member(json, member);
	if (!found)
		fail_msg("%s is missing", member);
	assert_string_equal(json_print(arena, found), value);
}

/* What clients cannot do without: CLIENTS rule 4. */
static void test_document(void **state)
{
	static const char *const members[][2] = {
		{ "issuer", "\"https://id.example.org\"" },
		{ "authorization_endpoint", "\"https://id.example.org/cgi-bin/authorize\"" },
		{ "token_endpoint", "\"https://id.example.org/cgi-bin/token\"" },
		{ "userinfo_endpoint", "\"https://id.example.org/cgi-bin/userinfo\"" },
		{ "end_session_endpoint", "\"https://id.example.org/cgi-bin/logout\"" },
		{ "jwks_uri", "\"https://id.example.org/.well-known/jwks.json\"" },
		{ "response_types_supported", "[\"code\"]" },
		{ "response_modes_supported", "[\"query\",\"form_post\"]" },
		{ "subject_types_supported", "[\"public\"]" },
		{ "id_token_signing_alg_values_supported", "[\"RS256\",\"PS256\",\"ES256\",\"EdDSA\"]" },
		{ "token_endpoint_auth_methods_supported", "[\"client_secret_basic\",\"client_secret_post\",\"private_key_jwt\",\"none\"]" },
		{ "code_challenge_methods_supported", "[\"S256\"]" },
		{ "scopes_supported", "[\"openid\",\"profile\",\"email\",\"address\",\"phone\",\"groups\",\"offline_access\"]" },
		{ "claims_parameter_supported", "true" },
		{ "request_parameter_supported", "false" },
		{ "request_uri_parameter_supported", "false" },
		{ "authorization_response_iss_parameter_supported", "true" },
		{ "backchannel_logout_supported", "false" },
		{ "backchannel_logout_session_supported", "false" },
	};
	const struct cJSON *json = document();
	(void)state;
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		says(json, members[i][0], members[i][1]);
}

/* What is advertised is there, since clients switch to it unasked. Runs from the root of the repository. */
static void test_no_promises(void **state)
{
	const struct cJSON *json = document();
	const char *base = "https://id.example.org/cgi-bin/";
	bool code = false;
	(void)state;
	for (const struct cJSON *item = NULL; (item = json_next(json, item));) {
		if (!text_ends_with(json_name(item), "_endpoint"))
			continue;
		assert_true(text_starts_with(json_string(item), base));
		const char *file = arena_format(arena, "cgi-bin/%s.c", json_string(item) + strlen(base));
		if (access(file, R_OK) != 0)
			fail_msg("%s: there is no %s", json_name(item), file);
	}
	const struct cJSON *grants = json_member(json, "grant_types_supported");
	for (const struct cJSON *item = NULL; (item = json_next(grants, item));) {
		const char *name = json_string(item);
		code = code || text_equal(name, "authorization_code");
		if (!strchr(name, ':') && access(arena_format(arena, "cgi-bin/grants/%s.c", name), R_OK) != 0)
			fail_msg("nothing grants %s", name);
	}
	assert_true(code);
}

static void test_claims(void **state)
{
	const struct cJSON *claims = json_member(document(), "claims_supported");
	int count = 0;
	(void)state;
	for (const struct cJSON *item = NULL; (item = json_next(claims, item)); count++)
		assert_true(words_contain(CLAIMS_SUPPORTED, json_string(item)));
	assert_int_equal(count, words_count(CLAIMS_SUPPORTED));
}

static void test_configured(void **state)
{
	(void)state;
	config.issuer = "https://example.org/id";
	config.endpoint_path = "";
	config.iss_parameter = false;
	const struct cJSON *json = document();
	says(json, "issuer", "\"https://example.org/id\"");
	says(json, "token_endpoint", "\"https://example.org/id/token\"");
	says(json, "jwks_uri", "\"https://example.org/id/.well-known/jwks.json\"");
	says(json, "authorization_response_iss_parameter_supported", "false");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_document, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_promises, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_claims, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_configured, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
