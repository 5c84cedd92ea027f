#include "lib/base/json.h"
#include "lib/protocol/tokens.h"
#include "tests/unit/context_fixture.h"

static struct grant sample_grant(void)
{
	return (struct grant){ .grant_id = "g1", .client_id = "app", .user_id = "u1", .sid = "sid1", .redirect_uri = "https://app.example/cb",
		.nonce = "n-0S6", .scope = "openid email", .auth_time = NOW - 100, .amr = "pwd otp", .acr = "aal1" };
}

static const struct user ada = { .user_id = "u1", .username = "ada" };
static const struct claim items[] = { { "email", "\"ada@example.org\"" }, { "email_verified", "true" }, { "family_name", "\"Lovelace\"" } };
static const struct claims claims = { items, 3 };

/* RFC 9068 2.2 */
static void test_access_token(void **state)
{
	struct grant grant = sample_grant();
	struct client client = sample_client("app");
	struct target target = { .audience = ISSUER, .scope = "openid email", .seconds = 600 };
	(void)state;
	const char *payload = access_token_payload(c, &client, &grant, &target);
	const struct cJSON *json = json_parse(fixture.arena, payload, strlen(payload), NULL);
	const char *id = json_string(json_member(json, "jti"));
	assert_non_null(id);
	assert_int_equal(strlen(id), 22);
	assert_string_equal(payload, arena_format(fixture.arena, "{\"iss\":\"" ISSUER "\",\"sub\":\"u1\",\"aud\":\"" ISSUER "\",\"client_id\":\"app\","
		"\"exp\":%d,\"iat\":%d,\"jti\":\"%s\",\"scope\":\"openid email\",\"auth_time\":%d,\"acr\":\"aal1\",\"amr\":[\"pwd\",\"otp\"]}",
		NOW + 600, NOW, id, NOW - 100));
	/* Two tokens of one second differ. */
	assert_string_not_equal(payload, access_token_payload(c, &client, &grant, &target));
}

/* RFC 9068 3: what the token is for, not what the grant is. */
static void test_access_token_of_resources(void **state)
{
	struct grant grant = sample_grant();
	struct client client = sample_client("app");
	struct target target = { .audience = "https://api.example/", .scope = "read", .seconds = 60 };
	(void)state;
	const char *payload = access_token_payload(c, &client, &grant, &target);
	assert_contains(payload, "\"aud\":\"https://api.example/\",");
	assert_contains(payload, "\"scope\":\"read\",");
	assert_contains(payload, "\"exp\":1800000060,");
	target.audience = "https://api.example/ api";
	target.scope = "";
	payload = access_token_payload(c, &client, &grant, &target);
	assert_contains(payload, "\"aud\":[\"https://api.example/\",\"api\"],");
	assert_lacks(payload, "\"scope\"");
}

/* RFC 9068 5: no user, so nothing of a sign-in. */
static void test_access_token_of_a_client(void **state)
{
	struct client client = sample_client("app");
	struct target target = { .audience = ISSUER, .scope = "read", .seconds = 60 };
	(void)state;
	const char *payload = access_token_payload(c, &client, NULL, &target);
	assert_contains(payload, "\"sub\":\"app\",");
	assert_contains(payload, "\"client_id\":\"app\",");
	assert_lacks(payload, "auth_time");
	assert_lacks(payload, "amr");
	assert_lacks(payload, "acr");
}

#define ID_TOKEN_START "{\"iss\":\"" ISSUER "\",\"sub\":\"u1\",\"aud\":\"app\",\"exp\":1800003600,\"iat\":1800000000,\"auth_time\":1799999900"
#define ID_TOKEN_END ",\"acr\":\"aal1\",\"amr\":[\"pwd\",\"otp\"],\"at_hash\":\"hash\",\"sid\":\"sid1\""

static void test_id_token(void **state)
{
	struct grant grant = sample_grant();
	struct client client = sample_client("app");
	(void)state;
	/* Claims of scopes go into the ID token as well, as others do. */
	assert_string_equal(id_token_payload(c, &client, &grant, &ada, &claims, "hash"),
		ID_TOKEN_START ",\"nonce\":\"n-0S6\"" ID_TOKEN_END ",\"email\":\"ada@example.org\",\"email_verified\":true}");
	/* A nonce goes back only if one came. */
	grant.nonce = NULL;
	grant.scope = "openid";
	assert_string_equal(id_token_payload(c, &client, &grant, &ada, &claims, "hash"), ID_TOKEN_START ID_TOKEN_END "}");
	grant.claims_id_token = "family_name auth_time acr";
	grant.claims_userinfo = "email";
	assert_string_equal(id_token_payload(c, &client, &grant, &ada, &claims, "hash"),
		ID_TOKEN_START ID_TOKEN_END ",\"family_name\":\"Lovelace\"}");
	/* minimal leaves out what scopes open, not what was asked for by name. */
	grant.scope = "openid email";
	client.id_token_claims = "minimal";
	assert_string_equal(id_token_payload(c, &client, &grant, &ada, &claims, "hash"),
		ID_TOKEN_START ID_TOKEN_END ",\"family_name\":\"Lovelace\"}");
	fixture.config.id_token_seconds = 60;
	assert_contains(id_token_payload(c, &client, &grant, &ada, &claims, "hash"), "\"exp\":1800000060,");
}

/* What goes back as it came must stay JSON. */
static void test_escaping(void **state)
{
	struct grant grant = sample_grant();
	struct client client = sample_client("app");
	(void)state;
	grant.nonce = "\"},{\"\\\xc3\xa4";
	const char *payload = id_token_payload(c, &client, &grant, &ada, &claims, "hash");
	const struct cJSON *json = json_parse(fixture.arena, payload, strlen(payload), NULL);
	assert_string_equal(json_string(json_member(json, "nonce")), grant.nonce);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_access_token),
		context_test(test_access_token_of_resources),
		context_test(test_access_token_of_a_client),
		context_test(test_id_token),
		context_test(test_escaping),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
