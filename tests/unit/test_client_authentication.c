#include "lib/crypto/base64.h"
#include "lib/crypto/sealed_hash.h"
#include "lib/http/parameters.h"
#include "lib/protocol/client_authentication.h"
#include "lib/records/audit_store.h"
#include "lib/records/limit_store.h"
#include "tests/unit/context_fixture.h"

/* Both differ raw and form-encoded. */
#define ODD_ID "a:b+c"
#define ODD_SECRET "p%41ss w+rd/with=odd&characters%"
#define SECRET "0123456789abcdefghijklmnopqrstuv"

static const struct parameter table[] = { CLIENT_AUTHENTICATION_PARAMETERS, { 0 } };
static const struct client *client;

static void add(const char *client_id, const char *secret, const char *method)
{
	struct client row = sample_client(client_id);
	const char *error = "";
	char *sealed = NULL;
	if (secret && sealed_hash_make(fixture.arena, c->config, client_secret_purpose(fixture.arena, client_id), secret, &sealed, &error)
		!= SEALED_HASH_MATCHES)
		fail_msg("%s", error);
	row.secret = sealed;
	row.token_endpoint_auth_method = method;
	add_client(&row);
}

static void add_clients(void)
{
	add("web", SECRET, NULL);
	add("basic", SECRET, "client_secret_basic");
	add("post", SECRET, "client_secret_post");
	add("public", NULL, "none");
	add(ODD_ID, ODD_SECRET, NULL);
}

/* NULL: no header. */
static void send(const char *authorization, const char *body)
{
	fixture_reset_response();
	c->request.authorization = authorization;
	post(table, body);
}

static const char *basic(const char *text)
{
	return arena_format(fixture.arena, "Basic %s", base64_encode(fixture.arena, text, strlen(text)));
}

static void passes(const char *authorization, const char *body, const char *client_id)
{
	send(authorization, body);
	must_return(client = client_authentication_require(c));
	assert_string_equal(client->client_id, client_id);
	assert_false(database_in_transaction(c->database));
}

static void refused(const char *authorization, const char *body, int status, const char *error, const char *description)
{
	send(authorization, body);
	assert_leaves(client_authentication_require(c));
	assert_refused(status, arena_format(fixture.arena, "{\"error\":\"%s\",\"error_description\":\"%s\"}", error, description));
	if (status == 401)
		assert_contains(c->response.headers.data, "WWW-Authenticate: Basic ");
}

static void test_basic(void **state)
{
	(void)state;
	add_clients();
	passes(basic("web:" SECRET), "", "web");
	passes(basic("basic:" SECRET), "", "basic");
	passes(arena_format(fixture.arena, "bAsIc   %s", basic("web:" SECRET) + 6), "", "web");
	/* The same client again beside it, and even the same secret. */
	passes(basic("web:" SECRET), "client_id=web", "web");
	passes(basic("web:" SECRET), "client_id=web&client_secret=" SECRET, "web");
	refused(basic("web:" SECRET), "client_id=basic", 400, "invalid_request", "The client_id differs from that of the Authorization header.");
	refused(basic("web:" SECRET), "client_secret=" SECRET "x", 400, "invalid_request", "Two different client secrets were sent.");
	refused(basic("web:" SECRET "x"), "client_id=web&client_secret=" SECRET, 400, "invalid_request", "Two different client secrets were sent.");
	refused(basic("web:" SECRET "x"), "", 401, "invalid_client", "The client secret is wrong.");
	refused(basic("web:"), "", 401, "invalid_client", "The client must authenticate.");
	refused(basic("post:" SECRET), "", 401, "invalid_client", "The client is registered for client_secret_post.");
	refused(basic("nobody:" SECRET), "", 401, "invalid_client", "The client is unknown.");
	refused(basic(":" SECRET), "client_id=web", 400, "invalid_request", "The client_id differs from that of the Authorization header.");
	refused(basic(":" SECRET), "", 401, "invalid_client", "No client authentication was sent.");
}

/* RFC 6749 2.3.1 wants id and secret form-encoded; half of all clients send them raw. */
static void test_encodings(void **state)
{
	const char *id, *secret;
	(void)state;
	add_clients();
	id = form_encode(fixture.arena, ODD_ID);
	secret = form_encode(fixture.arena, ODD_SECRET);
	passes(basic(arena_format(fixture.arena, "%s:%s", id, secret)), "", ODD_ID);
	passes(NULL, arena_format(fixture.arena, "client_id=%s&client_secret=%s", id, secret), ODD_ID);
	/* Raw, an id cannot have a colon; a secret can have anything. */
	add("raw+id", "+%4a:%zz" SECRET, NULL);
	passes(basic("raw+id:+%4a:%zz" SECRET), "", "raw+id");
	add("half", "a+b" SECRET, NULL);
	passes(basic("half:a+b" SECRET), "", "half");
	passes(basic("half:a%2Bb" SECRET), "", "half");
	refused(basic("half:a b" SECRET), "", 401, "invalid_client", "The client secret is wrong.");
	passes(basic("raw+id:%2B%254a%3A%25zz" SECRET), "client_id=raw%2Bid", "raw+id");
}

static void test_malformed_header(void **state)
{
	static const char *const headers[] = { "Basic", "Basic ", "Basic !!!", "Basic d2Vi", "Basic d2ViOg=x", "Basic =", "Basic d2Vi OjA=" };
	(void)state;
	add_clients();
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		refused(headers[i], "client_id=web&client_secret=" SECRET, 401, "invalid_client", "The Authorization header is malformed.");
	/* "web:\0" */
	refused("Basic d2ViOgA=", "", 401, "invalid_client", "The Authorization header is malformed.");
	refused("Bearer abc", "client_id=web&client_secret=" SECRET, 401, "invalid_client", "This way of client authentication is not supported.");
	refused("Basicd2Vi", "", 401, "invalid_client", "This way of client authentication is not supported.");
	refused("", "", 401, "invalid_client", "This way of client authentication is not supported.");
}

static void test_body(void **state)
{
	(void)state;
	add_clients();
	passes(NULL, "client_id=web&client_secret=" SECRET, "web");
	passes(NULL, "client_id=post&client_secret=" SECRET, "post");
	refused(NULL, "client_id=basic&client_secret=" SECRET, 401, "invalid_client", "The client is registered for client_secret_basic.");
	refused(NULL, "client_id=web&client_secret=x", 401, "invalid_client", "The client secret is wrong.");
	refused(NULL, "client_id=web", 401, "invalid_client", "The client must authenticate.");
	refused(NULL, "client_id=web&client_secret=", 401, "invalid_client", "The client must authenticate.");
	refused(NULL, "client_secret=" SECRET, 401, "invalid_client", "No client authentication was sent.");
	refused(NULL, "", 401, "invalid_client", "No client authentication was sent.");
	refused(NULL, "client_id=nobody&client_secret=" SECRET, 401, "invalid_client", "The client is unknown.");
}

static void test_public(void **state)
{
	(void)state;
	add_clients();
	passes(NULL, "client_id=public", "public");
	passes(NULL, "client_id=public&client_secret=", "public");
	passes(basic("public:"), "", "public");
	passes(basic("public:"), "client_id=public", "public");
	refused(NULL, "client_id=public&client_secret=x", 401, "invalid_client", "A public client has no secret.");
	refused(basic("public:x"), "", 401, "invalid_client", "A public client has no secret.");
}

static void test_disabled(void **state)
{
	(void)state;
	add_clients();
	database_begin(c->database, DATABASE_RELAXED);
	database_change(c->database, "UPDATE clients SET disabled_at = 1", "");
	database_commit(c->database);
	refused(NULL, "client_id=public", 401, "invalid_client", "The client is disabled.");
	refused(basic("web:" SECRET), "", 401, "invalid_client", "The client is disabled.");
}

/* After one Argon2id check the verifier alone decides, yes and no. */
static void test_fast_verifier(void **state)
{
	(void)state;
	add_clients();
	refused(basic("web:wrong"), "", 401, "invalid_client", "The client secret is wrong.");
	assert_int_equal(number_of("SELECT count(*) FROM clients WHERE secret_verifier IS NOT NULL"), 0);
	passes(basic("web:" SECRET), "", "web");
	assert_int_equal(number_of("SELECT length(secret_verifier) FROM clients WHERE client_id = 'web'"), 32);
	assert_int_equal(number_of("SELECT count(*) FROM clients WHERE secret_verifier IS NOT NULL"), 1);

	/* The Argon2id hash is not looked at any more. */
	database_begin(c->database, DATABASE_RELAXED);
	database_change(c->database, "UPDATE clients SET secret = 'unreadable' WHERE client_id = 'web'", "");
	database_commit(c->database);
	passes(basic("web:" SECRET), "", "web");
	refused(basic("web:wrong"), "", 401, "invalid_client", "The client secret is wrong.");
	/* It is bound to its client and to the key file. */
	database_begin(c->database, DATABASE_RELAXED);
	database_change(c->database, "UPDATE clients SET secret_verifier = (SELECT secret_verifier FROM clients WHERE client_id = 'web') "
		"WHERE client_id = 'basic'", "");
	database_commit(c->database);
	refused(basic("basic:" SECRET), "", 401, "invalid_client", "The client secret is wrong.");
	const char *error;
	assert_int_equal(unlink(fixture_path("keys/clients.key")), 0);
	assert_true(seal_key_create(fixture.arena, fixture_path("keys/clients.key"), &error));
	refused(basic("web:" SECRET), "", 401, "invalid_client", "The client secret is wrong.");
}

static void test_broken_key(void **state)
{
	(void)state;
	add_clients();
	assert_int_equal(unlink(fixture_path("keys/clients.key")), 0);
	send(basic("web:" SECRET), "");
	assert_leaves(client_authentication_require(c));
	assert_int_equal(c->response.status, 500);
	assert_lacks(c->response.body.data, "clients.key");
	assert_contains(logged(), "error: client secret of web: ");
	assert_contains(logged(), "keys/clients.key");
	/* A public client needs no key. */
	passes(NULL, "client_id=public", "public");
}

static void test_busy(void **state)
{
	(void)state;
	add_clients();
	fixture.config.argon2_slots = 1;
	fixture.config.argon2_wait_ms = 0;
	/* The lock belongs to an open file: another descriptor of this very process competes as another process would. */
	int lock = open(fixture_path("database/argon2.lock"), O_RDWR | O_CREAT, 0600);
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	assert_true(lock >= 0);
	assert_int_equal(fcntl(lock, F_OFD_SETLK, &whole), 0);
	send(basic("web:" SECRET), "");
	assert_leaves(client_authentication_require(c));
	assert_int_equal(c->response.status, 503);
	assert_header("Retry-After: 5");
	close(lock);
	passes(basic("web:" SECRET), "", "web");
}

/* Guessing is recorded, but cannot fill the disk; a client that nobody knows leaves nothing. */
static void test_failures_are_audited(void **state)
{
	(void)state;
	add_clients();
	refused(basic("nobody:" SECRET), "", 401, "invalid_client", "The client is unknown.");
	assert_int_equal(number_of("SELECT count(*) FROM audit"), 0);
	assert_int_equal(number_of("SELECT count(*) FROM limits"), 0);
	for (int i = 0; i < 12; i++)
		refused(basic("web:wrong"), "", 401, "invalid_client", "The client secret is wrong.");
	assert_int_equal(events(AUDIT_CLIENT_FAILURE), 10);
	assert_int_equal(limit_count(c->database, "client:web", NOW), 12);
	assert_string_equal(text_of("SELECT client_id || ' ' || address || ' ' || request_id || ' ' || detail FROM audit LIMIT 1"),
		"web 192.0.2.7 " REQUEST_ID " RFC 6749 2.3.1");
	/* The right one still passes: nobody can lock a client out. */
	passes(basic("web:" SECRET), "", "web");
	/* Nothing of the secrets is in the log. */
	assert_lacks(logged(), "wrong ");
	assert_lacks(logged(), SECRET);
}

static void test_malformed_parameters(void **state)
{
	(void)state;
	add_clients();
	/* A repeated client_id counts as none here: the request loop has refused it before. */
	refused(NULL, "client_id=web&client_id=web&client_secret=" SECRET, 401, "invalid_client", "No client authentication was sent.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_basic),
		context_test(test_encodings),
		context_test(test_malformed_header),
		context_test(test_body),
		context_test(test_public),
		context_test(test_disabled),
		context_test(test_fast_verifier),
		context_test(test_broken_key),
		context_test(test_busy),
		context_test(test_failures_are_audited),
		context_test(test_malformed_parameters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
