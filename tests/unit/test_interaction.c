/* The one place that decides between the pages, as a table. */
#include "lib/protocol/interaction.h"
#include "lib/records/consent_store.h"
#include "tests/unit/context_fixture.h"

/* ---- what is left of consent */

static void test_missing_consent(void **state)
{
	static const struct {
		const char *scope, *id_token, *userinfo, *had_scope, *had_claims;
		const char *missing_scope, *missing_claims, *known;
	} table[] = {
		{ "openid email", NULL, NULL, NULL, NULL, "openid email", "", "" },
		{ "openid email", "name", "name phone_number", NULL, NULL, "openid email", "name phone_number", "" },
		{ "openid email", NULL, NULL, "openid email", "", "", "", "openid email" },
		{ "openid email", NULL, NULL, "openid", "", "email", "", "openid" },
		{ "openid", NULL, NULL, "openid email profile", "", "", "", "openid" },
		{ "openid", "name", "email", "openid", "name", "", "email", "openid" },
		{ "openid", "name", "email", "openid", "email name", "", "", "openid" },
		{ "openid email", NULL, NULL, "openide emai", "", "openid email", "", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct flow flow = { .scope = table[i].scope, .claims_id_token = table[i].id_token, .claims_userinfo = table[i].userinfo };
		struct consent consent = { .scope = table[i].had_scope, .claims = table[i].had_claims };
		struct missing_consent missing = interaction_missing_consent(c, &flow, table[i].had_scope ? &consent : NULL);
		assert_string_equal(missing.scope, table[i].missing_scope);
		assert_string_equal(missing.claims, table[i].missing_claims);
		assert_string_equal(missing.known_scope, table[i].known);
	}
}

/* A token for an API is something to allow by itself, whatever scopes it has (RFC 8707 3). */
static void test_missing_resources(void **state)
{
	struct flow flow = { .scope = "openid read", .resource = "https://a.example/ " ISSUER " https://b.example/" };
	struct consent consent = { .scope = "openid read resource=https://a.example/", .claims = "" };
	(void)state;
	assert_string_equal(interaction_asked_scope(c, &flow), "openid read resource=https://a.example/ resource=https://b.example/");
	struct missing_consent missing = interaction_missing_consent(c, &flow, &consent);
	assert_string_equal(missing.scope, "resource=https://b.example/");
	assert_string_equal(missing.known_scope, "openid read resource=https://a.example/");
	flow.resource = NULL;
	assert_string_equal(interaction_asked_scope(c, &flow), "openid read");
}

/* ---- which page comes next */

enum consented { NOTHING, OPENID, ALL, ALL_CLAIMS };

struct row {
	enum step step;
	bool session;
	const char *prompt;
	int64_t max_age;
	const char *selected;    /* who signed in on the flow's pages */
	const char *required;
	int64_t age;             /* of the session's sign-in */
	enum consented consented;
	const char *client_consent;
	bool public;
	const char *redirect_uri;
	const char *claims;      /* as words that were read */
	const char *acr;         /* of the session; NULL: aal1 */
	const char *acr_values;
	const char *default_acr_values;
	bool user_requires;      /* two factors */
	bool operator_requires;
	bool alone;              /* without an application */
};

#define DEFAULTS .session = true, .max_age = -1, .age = 100, .consented = ALL, .client_consent = "remember", .redirect_uri = "https://app.example/cb"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"

static const struct row rows[] = {
	/* Nobody is signed in. */
	{ DEFAULTS, .step = STEP_LOGIN, .session = false },
	{ DEFAULTS, .step = STEP_LOGIN, .session = false, .prompt = "none" },
	{ DEFAULTS, .step = STEP_LOGIN, .session = false, .prompt = "select_account consent" },
	{ DEFAULTS, .step = STEP_LOGIN, .session = false, .selected = "u1" },
	/* Somebody is, and allowed all before. */
	{ DEFAULTS, .step = STEP_FINISH },
	{ DEFAULTS, .step = STEP_FINISH, .prompt = "none" },
	{ DEFAULTS, .step = STEP_FINISH, .prompt = "create" },
	/* prompt=login: only a sign-in for this request counts. */
	{ DEFAULTS, .step = STEP_LOGIN, .prompt = "login" },
	{ DEFAULTS, .step = STEP_LOGIN, .prompt = "login", .age = 0 },
	{ DEFAULTS, .step = STEP_FINISH, .prompt = "login", .selected = "u1" },
	{ DEFAULTS, .step = STEP_LOGIN, .prompt = "login", .selected = "u2" },
	{ DEFAULTS, .step = STEP_LOGIN, .prompt = "consent login" },
	/* max_age */
	{ DEFAULTS, .step = STEP_FINISH, .max_age = 100 },
	{ DEFAULTS, .step = STEP_LOGIN, .max_age = 99 },
	{ DEFAULTS, .step = STEP_LOGIN, .max_age = 0 },
	{ DEFAULTS, .step = STEP_LOGIN, .max_age = 0, .age = 0 },
	{ DEFAULTS, .step = STEP_FINISH, .max_age = 0, .age = 0, .selected = "u1" },
	{ DEFAULTS, .step = STEP_FINISH, .max_age = 1, .age = 5, .selected = "u1" },
	{ DEFAULTS, .step = STEP_FINISH, .max_age = INT64_C(999999999999999999) },
	{ DEFAULTS, .step = STEP_LOGIN, .max_age = 99, .prompt = "none" },
	/* The client asks for a certain user. */
	{ DEFAULTS, .step = STEP_FINISH, .required = "u1" },
	{ DEFAULTS, .step = STEP_LOGIN, .required = "u2" },
	{ DEFAULTS, .step = STEP_LOGIN, .required = "u2", .selected = "u1" },
	/* prompt=select_account */
	{ DEFAULTS, .step = STEP_SELECT_ACCOUNT, .prompt = "select_account" },
	{ DEFAULTS, .step = STEP_FINISH, .prompt = "select_account", .selected = "u1" },
	{ DEFAULTS, .step = STEP_SELECT_ACCOUNT, .prompt = "select_account", .selected = "u2" },
	{ DEFAULTS, .step = STEP_LOGIN, .prompt = "select_account login" },
	{ DEFAULTS, .step = STEP_FINISH, .prompt = "select_account login", .selected = "u1" },
	{ DEFAULTS, .step = STEP_SELECT_ACCOUNT, .prompt = "select_account consent" },
	{ DEFAULTS, .step = STEP_CONSENT, .prompt = "select_account consent", .selected = "u1" },
	/* Consent: what was not allowed yet. */
	{ DEFAULTS, .step = STEP_CONSENT, .consented = NOTHING },
	{ DEFAULTS, .step = STEP_CONSENT, .consented = OPENID },
	{ DEFAULTS, .step = STEP_CONSENT, .claims = "name" },
	{ DEFAULTS, .step = STEP_FINISH, .consented = ALL_CLAIMS, .claims = "name" },
	{ DEFAULTS, .step = STEP_CONSENT, .prompt = "consent" },
	{ DEFAULTS, .step = STEP_CONSENT, .prompt = "none", .consented = NOTHING },
	{ DEFAULTS, .step = STEP_CONSENT, .client_consent = "always" },
	/* consent: none is for the operator's own confidential clients, and prompt=consent is stronger. */
	{ DEFAULTS, .step = STEP_FINISH, .client_consent = "none", .consented = NOTHING },
	{ DEFAULTS, .step = STEP_CONSENT, .client_consent = "none", .prompt = "consent" },
	{ DEFAULTS, .step = STEP_CONSENT, .client_consent = "none", .consented = NOTHING, .public = true },
	{ DEFAULTS, .step = STEP_FINISH, .client_consent = "none", .consented = NOTHING, .redirect_uri = "http://127.0.0.1/cb" },
	/* RFC 8252 8.6: any application could pretend to be a public one that listens here. */
	{ DEFAULTS, .step = STEP_FINISH, .public = true },
	{ DEFAULTS, .step = STEP_CONSENT, .public = true, .redirect_uri = "http://127.0.0.1:4711/cb" },
	{ DEFAULTS, .step = STEP_CONSENT, .public = true, .redirect_uri = "http://[::1]/cb" },
	{ DEFAULTS, .step = STEP_CONSENT, .public = true, .redirect_uri = "http://localhost:8085/cb" },
	{ DEFAULTS, .step = STEP_CONSENT, .public = true, .redirect_uri = "com.example.app:/cb" },
	{ DEFAULTS, .step = STEP_CONSENT, .public = true, .redirect_uri = "com.example.app:/cb", .client_consent = "none" },
	{ DEFAULTS, .step = STEP_CONSENT, .public = true, .redirect_uri = "com.example.app:/cb", .prompt = "none" },
	{ DEFAULTS, .step = STEP_FINISH, .redirect_uri = "http://127.0.0.1:4711/cb" },
	{ DEFAULTS, .step = STEP_FINISH, .redirect_uri = "com.example.app:/cb" },
	/* A second factor: behind the sign-in, before all else. */
	{ DEFAULTS, .step = STEP_SECOND_FACTOR, .acr_values = "aal2" },
	{ DEFAULTS, .step = STEP_SECOND_FACTOR, .acr_values = "gold aal2" },
	{ DEFAULTS, .step = STEP_FINISH, .acr_values = "aal2", .acr = "aal2" },
	{ DEFAULTS, .step = STEP_FINISH, .acr_values = "aal1" },
	{ DEFAULTS, .step = STEP_FINISH, .acr_values = "aal2 aal1" },
	{ DEFAULTS, .step = STEP_FINISH, .acr_values = "aal22 gold" },
	{ DEFAULTS, .step = STEP_SECOND_FACTOR, .default_acr_values = "aal2" },
	{ DEFAULTS, .step = STEP_FINISH, .default_acr_values = "aal2", .acr_values = "aal1" },
	{ DEFAULTS, .step = STEP_SECOND_FACTOR, .default_acr_values = "aal1", .acr_values = "aal2" },
	{ DEFAULTS, .step = STEP_SECOND_FACTOR, .user_requires = true },
	{ DEFAULTS, .step = STEP_SECOND_FACTOR, .operator_requires = true, .acr_values = "aal1" },
	{ DEFAULTS, .step = STEP_FINISH, .user_requires = true, .operator_requires = true, .acr = "aal2" },
	{ DEFAULTS, .step = STEP_LOGIN, .session = false, .acr_values = "aal2" },
	{ DEFAULTS, .step = STEP_LOGIN, .acr_values = "aal2", .prompt = "login" },
	{ DEFAULTS, .step = STEP_LOGIN, .acr_values = "aal2", .max_age = 99 },
	{ DEFAULTS, .step = STEP_LOGIN, .acr_values = "aal2", .required = "u2" },
	{ DEFAULTS, .step = STEP_SECOND_FACTOR, .acr_values = "aal2", .prompt = "login", .selected = "u1" },
	{ DEFAULTS, .step = STEP_SECOND_FACTOR, .acr_values = "aal2", .prompt = "select_account consent" },
	{ DEFAULTS, .step = STEP_SECOND_FACTOR, .acr_values = "aal2", .prompt = "none", .consented = NOTHING },
	/* Without an application: no consent. */
	{ DEFAULTS, .step = STEP_LOGIN, .alone = true, .session = false },
	{ DEFAULTS, .step = STEP_LOGIN, .alone = true, .prompt = "login", .required = "u1" },
	{ DEFAULTS, .step = STEP_FINISH, .alone = true, .consented = NOTHING },
	{ DEFAULTS, .step = STEP_SECOND_FACTOR, .alone = true, .operator_requires = true },
};

#pragma GCC diagnostic pop

static void set_consent(enum consented consented)
{
	struct consent consent = { .user_id = "u1", .client_id = "app", .scope = consented == OPENID ? "openid" : "openid email",
		.claims = consented == ALL_CLAIMS ? "name" : "", .granted_at = NOW, .last_used_at = NOW };
	database_begin(c->database, DATABASE_RELAXED);
	consent_remove(c->database, "u1", "app");
	if (consented != NOTHING)
		consent_save(c->database, &consent);
	database_commit(c->database);
}

static void set_required(bool required)
{
	database_begin(c->database, DATABASE_RELAXED);
	user_set_second_factor_required(c->database, "u1", required);
	database_commit(c->database);
}

static void test_next(void **state)
{
	(void)state;
	add_account();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *row = &rows[i];
		struct client client = sample_client("app");
		struct session session = { .sid = "sid1", .user_id = "u1", .auth_time = NOW - row->age,
			.acr = row->acr ? row->acr : "aal1" };
		struct flow flow = { .flow_id = "f", .client_id = "app", .redirect_uri = row->redirect_uri, .scope = "openid email",
			.prompt = row->prompt, .max_age = row->max_age, .selected_user_id = row->selected, .required_user_id = row->required,
			.claims_id_token = row->claims, .acr_values = row->acr_values };
		client.default_acr_values = row->default_acr_values;
		fixture.config.second_factor_required = row->operator_requires;
		set_required(row->user_requires);
		client.consent = row->client_consent;
		if (row->public) {
			client.secret = NULL;
			client.token_endpoint_auth_method = "none";
		}
		set_consent(row->consented);
		enum step step = interaction_next(c, &flow, row->alone ? NULL : &client, row->session ? &session : NULL);
		if (step != row->step)
			fail_msg("row %zu: step %d, not %d", i, (int)step, (int)row->step);
	}
}

/* What takes a parser or a signature is read first, whoever is signed in. */
static void test_reading_comes_first(void **state)
{
	struct client client = sample_client("app");
	struct session session = { .sid = "sid1", .user_id = "u1", .auth_time = NOW, .acr = "aal1" };
	struct flow flow = { .flow_id = "f", .client_id = "app", .redirect_uri = "https://app.example/cb", .scope = "openid email", .max_age = -1 };
	(void)state;
	add_account();
	set_consent(ALL);
	flow.id_token_hint = "a.b.c";
	assert_int_equal(interaction_next(c, &flow, &client, NULL), STEP_READ);
	assert_int_equal(interaction_next(c, &flow, &client, &session), STEP_READ);
	flow.id_token_hint = NULL;
	flow.claims = "{}";
	assert_int_equal(interaction_next(c, &flow, &client, &session), STEP_READ);
	flow.claims_id_token = "";
	flow.claims_userinfo = "";
	assert_int_equal(interaction_next(c, &flow, &client, &session), STEP_FINISH);
}

static void test_errors(void **state)
{
	(void)state;
	assert_ptr_equal(interaction_error(STEP_LOGIN), LOGIN_REQUIRED);
	assert_ptr_equal(interaction_error(STEP_SECOND_FACTOR), LOGIN_REQUIRED);
	assert_ptr_equal(interaction_error(STEP_SELECT_ACCOUNT), ACCOUNT_SELECTION_REQUIRED);
	assert_ptr_equal(interaction_error(STEP_CONSENT), CONSENT_REQUIRED);
	assert_null(interaction_error(STEP_READ));
	assert_null(interaction_error(STEP_FINISH));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_missing_consent),
		context_test(test_missing_resources),
		context_test(test_next),
		context_test(test_reading_comes_first),
		context_test(test_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
