#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/protocol/claim_mapping.h"
#include "lib/protocol/claim_names.h"
#include "lib/protocol/client_metadata.h"

#define URIS "\"redirect_uris\":[\"https://app.example/cb\"]"
#define SECRET "a-client-secret-of-32-characters"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_create(4 * 1024 * 1024);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static enum client_metadata_result read_text(const char *json, struct client *client, const char **error)
{
	const struct cJSON *object = json_parse(arena, json, strlen(json), NULL);

	assert_non_null(object);
	*client = (struct client){ .client_id = "made-up" };
	*error = NULL;
	return client_metadata_read(arena, object, client, error);
}

static struct client accepts(const char *json)
{
	struct client client;
	const char *error;

	if (read_text(json, &client, &error) != CLIENT_METADATA_FINE)
		fail_msg("%s: %s", json, error);
	return client;
}

static void refuses(const char *json, enum client_metadata_result result, const char *part)
{
	struct client client;
	const char *error;
	enum client_metadata_result got = read_text(json, &client, &error);

	if (got != result || !error || !strstr(error, part))
		fail_msg("%s: %d, %s", json, (int)got, error ? error : "no error");
}

static void refuses_metadata(const char *json, const char *part)
{
	refuses(json, CLIENT_METADATA_INVALID, part);
}

static void refuses_uri(const char *json)
{
	refuses(json, CLIENT_METADATA_INVALID_REDIRECT_URI, "redirect_uris");
}

static void test_defaults(void **state)
{
	struct client client = accepts("{" URIS ",\"contacts\":17,\"jwks_uri\":null,\"software_version\":[]}");

	(void)state;
	assert_string_equal(client.client_id, "made-up");
	assert_string_equal(client.client_name, "made-up");
	assert_null(client.client_uri);
	assert_string_equal(client.application_type, "web");
	assert_null(client.token_endpoint_auth_method);
	assert_null(client.secret);
	assert_string_equal(client.redirect_uris, "https://app.example/cb");
	assert_string_equal(client.post_logout_redirect_uris, "");
	assert_string_equal(client.grant_types, "authorization_code");
	assert_string_equal(client.scope, "openid profile email address phone groups offline_access");
	assert_int_equal(client.default_max_age, -1);
	assert_int_equal(client.refresh_grace_seconds, -1);
	assert_false(client.require_auth_time);
	assert_false(client.trace);
	assert_string_equal(client.pkce, "required");
	assert_string_equal(client.consent, "remember");
	assert_string_equal(client.id_token_claims, "full");
	assert_string_equal(client.access_token_format, "jwt");
	assert_string_equal(client.resource_handling, "honour");
	assert_string_equal(client.id_token_signed_response_alg, "RS256");
	assert_string_equal(client.claim_rules.mapping, "");
	assert_string_equal(client.claim_rules.groups_filter, "");
	assert_null(client.default_acr_values);
}

static void test_all_members(void **state)
{
	struct client client = accepts("{\"client_id\":\"app\",\"client_secret\":\"" SECRET "\",\"client_name\":\"Größe\","
		"\"redirect_uris\":[\"https://a.example/\",\"http://lan.example/cb\",\"https://a.example/\",\"app.x:///cb\"],"
		"\"post_logout_redirect_uris\":[\"https://a.example/out\"],\"grant_types\":[\"authorization_code\",\"refresh_token\"],"
		"\"token_endpoint_auth_method\":\"client_secret_post\",\"response_types\":[\"code\"],\"scope\":\"openid x:y\","
		"\"client_uri\":\"https://a.example\",\"default_max_age\":0,\"require_auth_time\":true,\"trace\":true,"
		"\"pkce\":\"nonce\",\"consent\":\"none\",\"refresh_grace_seconds\":30,\"groups_filter\":[\"app-\",\"all\"],"
		"\"application_type\":\"native\",\"id_token_claims\":\"minimal\",\"resource_handling\":\"ignore\","
		"\"default_acr_values\":[\"aal2\",\"aal1\"]}");

	(void)state;
	assert_string_equal(client.client_id, "app");
	assert_string_equal(client.client_name, "Größe");
	assert_null(client.secret);
	assert_string_equal(client.redirect_uris, "https://a.example/ http://lan.example/cb app.x:///cb");
	assert_string_equal(client.post_logout_redirect_uris, "https://a.example/out");
	assert_string_equal(client.grant_types, "authorization_code refresh_token");
	assert_string_equal(client.scope, "openid x:y");
	assert_int_equal(client.default_max_age, 0);
	assert_int_equal(client.refresh_grace_seconds, 30);
	assert_true(client.require_auth_time);
	assert_true(client.trace);
	assert_string_equal(client.pkce, "nonce");
	assert_string_equal(client.consent, "none");
	assert_string_equal(client.claim_rules.groups_filter, "app- all");
	assert_string_equal(client.default_acr_values, "aal2 aal1");
}

static void test_redirect_uris(void **state)
{
	(void)state;
	refuses_uri("{}");
	refuses_uri("{\"redirect_uris\":[]}");
	refuses_uri("{\"redirect_uris\":\"https://a.example/\"}");
	refuses_uri("{\"redirect_uris\":[1]}");
	refuses_uri("{\"redirect_uris\":[\"https://a.example/#x\"]}");
	refuses_uri("{\"redirect_uris\":[\"https://a.example/ https://b.example/\"]}");
	refuses_uri("{\"redirect_uris\":[\"javascript:alert(1)\"]}");
	refuses_uri("{\"redirect_uris\":[\"\"]}");
	refuses_uri("{\"redirect_uris\":[\"http://lan.example/\"],\"token_endpoint_auth_method\":\"none\"}");
	accepts("{\"redirect_uris\":[\"http://127.0.0.1/\"],\"token_endpoint_auth_method\":\"none\"}");
	accepts("{\"grant_types\":[\"client_credentials\"]}");
	refuses_metadata("{" URIS ",\"post_logout_redirect_uris\":[\"x\"]}", "post_logout_redirect_uris");
}

static void test_wrong_types(void **state)
{
	(void)state;
	refuses_metadata("[]", "object");
	refuses_metadata("\"x\"", "object");
	refuses_metadata("{" URIS ",\"client_name\":1}", "client_name");
	refuses_metadata("{" URIS ",\"client_name\":\"\"}", "client_name");
	refuses_metadata("{" URIS ",\"client_name\":\"a\\u202eb\"}", "client_name");
	refuses_metadata("{" URIS ",\"client_uri\":\"javascript:alert(1)\"}", "client_uri");
	refuses_metadata("{" URIS ",\"logo_uri\":\"https://\"}", "logo_uri");
	refuses_metadata("{" URIS ",\"tos_uri\":{}}", "tos_uri");
	refuses_metadata("{" URIS ",\"application_type\":\"web native\"}", "application_type");
	refuses_metadata("{" URIS ",\"token_endpoint_auth_method\":\"client_secret_jwt\"}", "token_endpoint_auth_method");
	refuses_metadata("{" URIS ",\"token_endpoint_auth_method\":\"private_key_jwt\"}", "jwks is missing");
	refuses_metadata("{" URIS ",\"jwks\":{\"keys\":[]}}", "jwks is only for");
	refuses_metadata("{" URIS ",\"token_endpoint_auth_method\":\"private_key_jwt\",\"jwks_uri\":\"https://app.example/jwks\"}", "jwks_uri");
	refuses_metadata("{" URIS ",\"token_endpoint_auth_method\":\"private_key_jwt\",\"jwks\":{\"keys\":[]},\"client_secret\":\"0123456789012345678901234567890123456789\"}", "contradicts");
	refuses_metadata("{" URIS ",\"refresh_seconds\":0}", "refresh_seconds");
	refuses_metadata("{" URIS ",\"introspection\":\"own\"}", "introspection");
	refuses_metadata("{" URIS ",\"scope\":\"a  b\"}", "scope");
	refuses_metadata("{" URIS ",\"scope\":[\"a\"]}", "scope");
	refuses_metadata("{" URIS ",\"default_max_age\":-1}", "default_max_age");
	refuses_metadata("{" URIS ",\"default_max_age\":1.5}", "default_max_age");
	refuses_metadata("{" URIS ",\"default_max_age\":\"1\"}", "default_max_age");
	refuses_metadata("{" URIS ",\"refresh_grace_seconds\":61}", "refresh_grace_seconds");
	refuses_metadata("{" URIS ",\"require_auth_time\":1}", "require_auth_time");
	refuses_metadata("{" URIS ",\"id_token_signed_response_alg\":\"none\"}", "id_token_signed_response_alg");
	refuses_metadata("{" URIS ",\"pkce\":\"plain\"}", "pkce");
	refuses_metadata("{" URIS ",\"grant_types\":[\"implicit\"]}", "grant_types");
	refuses_metadata("{" URIS ",\"grant_types\":[\"authorization_code refresh_token\"]}", "grant_types");
	refuses_metadata("{" URIS ",\"response_types\":[\"token\"]}", "response_types");
	refuses_metadata("{" URIS ",\"groups_filter\":[\"a b\"]}", "groups_filter");
	refuses_metadata("{" URIS ",\"default_acr_values\":[\"aal3\"]}", "default_acr_values");
	refuses_metadata("{" URIS ",\"default_acr_values\":\"aal2\"}", "default_acr_values");
	refuses_metadata("{" URIS ",\"client_id\":\"\"}", "client_id");
	refuses_metadata("{" URIS ",\"client_id\":\"a b\"}", "client_id");
	refuses_metadata("{" URIS ",\"client_id\":7}", "client_id");
	refuses_metadata("{" URIS ",\"client_secret\":\"short\"}", "client_secret");
	refuses_metadata("{" URIS ",\"client_secret\":\"" SECRET "ö\"}", "client_secret");
	refuses_metadata("{" URIS ",\"client_secret\":{}}", "client_secret");
}

static void test_public(void **state)
{
	(void)state;
#define PUBLIC "{" URIS ",\"token_endpoint_auth_method\":\"none\","
	accepts(PUBLIC "\"pkce\":\"required\"}");
	refuses_metadata(PUBLIC "\"pkce\":\"nonce\"}", "pkce");
	refuses_metadata(PUBLIC "\"pkce\":\"optional\"}", "pkce");
	refuses_metadata(PUBLIC "\"consent\":\"none\"}", "consent");
	refuses_metadata(PUBLIC "\"grant_types\":[\"client_credentials\"]}", "client_credentials");
	refuses_metadata(PUBLIC "\"client_secret\":\"" SECRET "\"}", "client_secret");
}

static void test_secret(void **state)
{
	const char *json = "{" URIS ",\"client_secret\":\"" SECRET "\"}";
	const struct cJSON *object = json_parse(arena, json, strlen(json), NULL);

	(void)state;
	accepts(json);
	assert_string_equal(client_metadata_secret(object), SECRET);
	assert_null(client_metadata_secret(json_parse(arena, "{}", 2, NULL)));
}

#define MAPPING "{\"policy\":{\"claim\":\"groups\",\"type\":\"string\"},\"quota\":{\"value\":[1,{\"a\":\"b\\tc\\n\"}]}," \
	"\"all\":{\"claim\":\"groups\"}}"

static void test_claim_mapping(void **state)
{
	struct client client = accepts("{" URIS ",\"claim_mapping\":" MAPPING "}");
	struct buffer out = buffer_create(arena, 16);

	(void)state;
	assert_string_equal(client.claim_rules.mapping, "policy\tstring\tgroups\nquota\tconstant\t[1,{\"a\":\"b\\u0009c\\n\"}]\nall\traw\tgroups\n");
	claim_mapping_write(&out, NULL, client.claim_rules.mapping);
	assert_string_equal(out.data, "{\"policy\":{\"claim\":\"groups\",\"type\":\"string\"},"
		"\"quota\":{\"value\":[1,{\"a\":\"b\\u0009c\\n\"}]},\"all\":{\"claim\":\"groups\",\"type\":\"raw\"}}");
}

static void test_claim_mapping_refused(void **state)
{
	static const char *const wrong[] = { "[]", "1", "{\"a\":1}", "{\"a\":{}}", "{\"a\":{\"value\":1,\"claim\":\"b\"}}",
		"{\"a\":{\"claim\":\"b\",\"type\":\"number\"}}", "{\"a\":{\"claim\":\"b\",\"type\":1}}", "{\"a\":{\"claim\":1}}",
		"{\"a\":{\"claim\":\"b\\tc\"}}", "{\"a\\tb\":{\"value\":1}}", "{\"\":{\"value\":1}}", "{\"sub\":{\"value\":1}}",
		"{\"a\":{\"value\":1,\"type\":\"raw\"}}", "{\"a\":{\"value\":1,\"x\":2}}" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		refuses_metadata(arena_format(arena, "{" URIS ",\"claim_mapping\":%s}", wrong[i]), "claim_mapping");
}

static void test_claim_names(void **state)
{
	(void)state;
	assert_true(claim_name_is_valid("https://example.org/roles"));
	assert_false(claim_name_is_valid(""));
	assert_false(claim_name_is_valid("a b"));
	assert_false(claim_name_is_valid("ä"));
	assert_true(claim_name_is_reserved("sub"));
	assert_false(claim_name_is_reserved("email"));
}

/* What was written and read again is the same client. */
static void test_write(void **state)
{
	struct client client = accepts("{\"client_id\":\"app\",\"client_name\":\"A \\\"b\\\"\"," URIS ",\"default_max_age\":5,\"pkce\":\"optional\","
		"\"groups_filter\":[\"x\"],\"default_acr_values\":[\"aal2\"],\"claim_mapping\":" MAPPING "}");
	struct buffer first = buffer_create(arena, 16);
	struct buffer second = buffer_create(arena, 16);
	const struct cJSON *object;
	int64_t number;

	(void)state;
	client.created_at = 1800000000;
	client_metadata_write(&first, &client, SECRET);
	object = json_parse(arena, first.data, first.length, NULL);
	assert_non_null(object);
	assert_string_equal(json_string(json_member(object, "client_secret")), SECRET);
	assert_true(json_is_number(json_member(object, "client_secret_expires_at"), &number));
	assert_int_equal(number, 0);
	assert_true(json_is_number(json_member(object, "client_id_issued_at"), &number));
	assert_int_equal(number, 1800000000);
	assert_null(json_member(object, "token_endpoint_auth_method"));

	client = accepts(first.data);
	client.created_at = 1800000000;
	client_metadata_write(&second, &client, SECRET);
	assert_string_equal(first.data, second.data);
}

static void test_write_without_secret(void **state)
{
	struct client client = accepts("{\"grant_types\":[\"client_credentials\"]}");
	struct buffer out = buffer_create(arena, 16);
	const struct cJSON *object;

	(void)state;
	client.secret = "v1.sealed";
	client_metadata_write(&out, &client, NULL);
	assert_null(strstr(out.data, "sealed"));
	object = json_parse(arena, out.data, out.length, NULL);
	assert_null(json_member(object, "client_secret"));
	assert_null(json_member(object, "client_secret_expires_at"));
	assert_null(json_next(json_member(object, "response_types"), NULL));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_defaults),
		TEST(test_all_members),
		TEST(test_redirect_uris),
		TEST(test_wrong_types),
		TEST(test_public),
		TEST(test_secret),
		TEST(test_claim_mapping),
		TEST(test_claim_mapping_refused),
		TEST(test_claim_names),
		TEST(test_write),
		TEST(test_write_without_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
