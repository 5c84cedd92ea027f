/* Applications. */
#include "tests/unit/store_fixture.h"

#include "lib/records/access_token_store.h"
#include "lib/records/consent_store.h"
#include "lib/records/flow_store.h"

static void assert_same_text(const struct client *a, const struct client *b)
{
	assert_string_equal(a->client_id, b->client_id);
	assert_string_equal(a->client_name, b->client_name);
	assert_string_equal(a->client_uri, b->client_uri);
	assert_string_equal(a->logo_uri, b->logo_uri);
	assert_string_equal(a->policy_uri, b->policy_uri);
	assert_string_equal(a->tos_uri, b->tos_uri);
	assert_string_equal(a->application_type, b->application_type);
	assert_string_equal(a->token_endpoint_auth_method, b->token_endpoint_auth_method);
	assert_string_equal(a->secret, b->secret);
	assert_string_equal(a->redirect_uris, b->redirect_uris);
	assert_string_equal(a->post_logout_redirect_uris, b->post_logout_redirect_uris);
	assert_string_equal(a->grant_types, b->grant_types);
	assert_string_equal(a->scope, b->scope);
	assert_string_equal(a->pkce, b->pkce);
	assert_string_equal(a->consent, b->consent);
	assert_string_equal(a->id_token_claims, b->id_token_claims);
	assert_string_equal(a->access_token_format, b->access_token_format);
	assert_string_equal(a->id_token_signed_response_alg, b->id_token_signed_response_alg);
	assert_string_equal(a->resource_handling, b->resource_handling);
	assert_string_equal(a->claim_rules.mapping, b->claim_rules.mapping);
	assert_string_equal(a->claim_rules.groups_filter, b->claim_rules.groups_filter);
}

static void keeps_every_column(void **state)
{
	struct client client = { .client_id = "full", .client_name = "N", .client_uri = "U", .logo_uri = "L",
		.policy_uri = "P", .tos_uri = "T", .application_type = "native", .token_endpoint_auth_method = "none",
		.secret = "S", .secret_verifier = hash(9), .redirect_uris = "a: b:", .post_logout_redirect_uris = "c:",
		.grant_types = "g", .scope = "openid", .default_max_age = 0, .require_auth_time = true, .pkce = "nonce",
		.refresh_grace_seconds = 0, .consent = "always", .id_token_claims = "minimal",
		.access_token_format = "opaque", .id_token_signed_response_alg = "RS256", .resource_handling = "ignore",
		.claim_rules = { "a\tconstant\t1\n", "x y" }, .trace = true, .created_at = NOW,
		.disabled_at = NOW + 1 };
	const struct client *found;

	(void)state;
	begin();
	assert_true(client_insert(fixture.db, &client));
	commit();
	found = client_find(fixture.db, "full");
	assert_non_null(found);
	assert_same_text(found, &client);
	assert_memory_equal(found->secret_verifier, hash(9), 32);
	assert_int_equal(found->default_max_age, 0);
	assert_int_equal(found->refresh_grace_seconds, 0);
	assert_true(found->require_auth_time);
	assert_true(found->trace);
	assert_int_equal(found->created_at, NOW);
	assert_int_equal(found->disabled_at, NOW + 1);
	assert_true(client_is_public(found));
}

static void keeps_what_is_absent(void **state)
{
	struct client client = sample_client("app");
	const struct client *found;

	(void)state;
	client.token_endpoint_auth_method = NULL;
	begin();
	assert_true(client_insert(fixture.db, &client));
	assert_false(client_insert(fixture.db, &client));
	commit();
	found = client_find(fixture.db, "app");
	assert_null(found->client_uri);
	assert_null(found->token_endpoint_auth_method);
	assert_null(found->secret_verifier);
	assert_string_equal(found->post_logout_redirect_uris, "");
	assert_string_equal(found->claim_rules.mapping, "");
	assert_string_equal(found->claim_rules.groups_filter, "");
	assert_int_equal(found->default_max_age, -1);
	assert_int_equal(found->refresh_grace_seconds, -1);
	assert_false(found->trace);
	assert_int_equal(found->disabled_at, 0);
	assert_false(client_is_public(found));
	assert_null(client_find(fixture.db, "APP"));
	client.client_id = "bad";
	client.pkce = NULL;
	begin();
	assert_fails("NOT NULL constraint failed: clients.pkce", (void)client_insert(fixture.db, &client));
}

static void collect(void *context, const struct client *client)
{
	char *ids = context;

	/* A list's callback may ask the store again. */
	assert_non_null(client_find(fixture.db, client->client_id));
	strcat(ids, client->client_id);
	strcat(ids, " ");
}

static void lists_by_id(void **state)
{
	char ids[64] = "";

	(void)state;
	begin();
	add_client("b");
	add_client("c");
	add_client("a");
	commit();
	client_list(fixture.db, collect, ids);
	assert_string_equal(ids, "a b c ");
}

static void forgets_the_verifier_with_the_secret(void **state)
{
	(void)state;
	begin();
	add_client("app");
	client_set_verifier(fixture.db, "app", "sealed", hash(1));
	commit();
	assert_memory_equal(client_find(fixture.db, "app")->secret_verifier, hash(1), 32);
	begin();
	client_set_secret(fixture.db, "app", "new");
	client_set_verifier(fixture.db, "app", "sealed", hash(1)); /* of the old secret: too late */
	commit();
	assert_string_equal(client_find(fixture.db, "app")->secret, "new");
	assert_null(client_find(fixture.db, "app")->secret_verifier);
}

static void takes_along_what_it_was_granted(void **state)
{
	struct grant grant = sample_grant("g1", hash(1));
	struct consent consent = { .user_id = "u1", .client_id = "app", .scope = "openid", .granted_at = NOW };
	struct flow flow = { .flow_id = "f1", .secret_hash = hash(1), .client_id = "app", .max_age = -1,
		.expires_at = NOW + 9 };
	struct access_token token = { .token_hash = hash(1), .grant_id = "g1", .client_id = "app", .user_id = "u1",
		.expires_at = NOW + 9 };
	struct access_token own = { .token_hash = hash(2), .client_id = "app", .expires_at = NOW + 9 };

	(void)state;
	begin_with_account();
	grant_insert(fixture.db, &grant);
	consent_save(fixture.db, &consent);
	flow_insert(fixture.db, &flow);
	access_token_insert(fixture.db, &token);
	access_token_insert(fixture.db, &own);
	commit();
	begin();
	assert_true(client_remove(fixture.db, "app"));
	assert_false(client_remove(fixture.db, "app"));
	commit();
	assert_null(client_find(fixture.db, "app"));
	assert_int_equal(count_rows("grants"), 0);
	assert_int_equal(count_rows("consents"), 0);
	assert_int_equal(count_rows("flows"), 0);
	assert_int_equal(count_rows("access_tokens"), 0);
	begin();
	add_client("app");
	commit();
	assert_null(access_token_find(fixture.db, hash(2), NOW));
}

/* Only the command line lists clients and removes them. */
static void uses_indexes(void **state)
{
	(void)state;
	assert_plans("clients access_tokens");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(keeps_every_column),
		store_test(keeps_what_is_absent),
		store_test(lists_by_id),
		store_test(forgets_the_verifier_with_the_secret),
		store_test(takes_along_what_it_was_granted),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
