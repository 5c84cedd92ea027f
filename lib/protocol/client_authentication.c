#include "lib/protocol/client_authentication.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/seal.h"
#include "lib/crypto/sealed_hash.h"
#include "lib/protocol/errors.h"
#include "lib/records/audit_store.h"
#include "lib/records/limit_store.h"

enum { FAILURES_AUDITED = 10, FAILURES_WINDOW = 900 };

/* An id and a secret as a request has them; raw ones are those before form-decoding. */
struct credentials {
	const char *id, *secret;
	const char *raw_id, *raw_secret;
	const char *method;
};

char *client_secret_purpose(struct arena *arena, const char *client_id)
{
	return arena_format(arena, "clients.secret:%s", client_id);
}

/* Basic carries id and secret form-encoded (RFC 6749 2.3.1); many clients send them raw, so both count. */
static void read_basic(struct context *c, const char *encoded, struct credentials *credentials)
{
	size_t length;
	const char *text = (const char *)base64_decode(c->arena, encoded, strlen(encoded), &length);
	const char *colon = text ? memchr(text, ':', length) : NULL;
	if (!colon || strlen(text) != length)
		refuse_because_and_leave(c, INVALID_CLIENT, "RFC 7617 2", "The Authorization header is malformed.");
	credentials->method = "client_secret_basic";
	credentials->raw_id = arena_copy(c->arena, text, (size_t)(colon - text));
	credentials->raw_secret = arena_text(c->arena, colon + 1);
	const char *id = form_decode(c->arena, credentials->raw_id, strlen(credentials->raw_id));
	const char *secret = form_decode(c->arena, credentials->raw_secret, strlen(credentials->raw_secret));
	credentials->id = id ? id : credentials->raw_id;
	credentials->secret = secret ? secret : credentials->raw_secret;
}

static struct credentials read_credentials(struct context *c)
{
	struct credentials credentials = { 0 };
	const char *id = parameter(c, "client_id"), *secret = parameter(c, "client_secret");
	const char *basic = request_credentials(&c->request, "Basic");

	if (c->request.authorization && !basic)
		refuse_because_and_leave(c, INVALID_CLIENT, "RFC 6749 2.3", "This way of client authentication is not supported.");
	if (!basic) {
		credentials = (struct credentials){ id, secret, id, secret, "client_secret_post" };
	} else {
		read_basic(c, basic, &credentials);
		if (id && !text_equal(id, credentials.id) && !text_equal(id, credentials.raw_id))
			refuse_because_and_leave(c, INVALID_REQUEST, "RFC 6749 2.3", "The client_id differs from that of the Authorization header.");
		if (secret && !text_equal(secret, credentials.secret) && !text_equal(secret, credentials.raw_secret))
			refuse_because_and_leave(c, INVALID_REQUEST, "RFC 6749 2.3", "Two different client secrets were sent.");
	}
	if (text_empty(credentials.id))
		refuse_because_and_leave(c, INVALID_CLIENT, "RFC 6749 3.2.1", "No client authentication was sent.");
	return credentials;
}

/* Counts a failure; the first few of a while go to the audit log, so that guessing cannot fill it. */
static _Noreturn void reject(struct context *c, const struct client *client, const char *clause, const char *description)
{
	if (client) {
		const char *subject = arena_format(c->arena, "client:%s", client->client_id);
		database_begin(c->database, DATABASE_RELAXED);
		if (limit_add(c->database, subject, FAILURES_WINDOW, c->now) <= FAILURES_AUDITED)
			audit_write(c->database, &(struct audit_event){ .at = c->now, .event = AUDIT_CLIENT_FAILURE, .client_id = client->client_id,
				.address = c->request.address, .request_id = c->request_id, .detail = clause });
		limit_remove_expired(c->database, c->now, 2);
	}
	refuse_because_and_leave(c, INVALID_CLIENT, clause, description);
}

/* HMAC-SHA-256 under keys/clients.key: decides in microseconds what Argon2id decided once. */
static void fast_verifier(struct context *c, const struct client *client, const char *secret, unsigned char out[SHA256_BYTES])
{
	unsigned char key[SEAL_KEY_BYTES];
	const char *error;
	if (!seal_key_load(c->arena, config_file(c->arena, c->config, "keys/clients.key"), key, &error))
		fail(c, "%s", error);
	const char *text = arena_format(c->arena, "%s\n%s", client->client_id, secret);
	hmac_sha256(key, sizeof key, text, strlen(text), out);
	explicit_bzero(key, sizeof key);
}

static bool slow_check(struct context *c, const struct client *client, const char *secret)
{
	const char *error;
	switch (sealed_hash_check(c->arena, c->config, client_secret_purpose(c->arena, client->client_id), client->secret, secret, NULL, &error)) {
	case SEALED_HASH_MATCHES:
		break;
	case SEALED_HASH_DIFFERS:
		return false;
	case SEALED_HASH_BUSY:
		refuse_and_leave(c, TEMPORARILY_UNAVAILABLE, "RFC 9110 15.6.4");
	case SEALED_HASH_BROKEN:
		fail(c, "client secret of %s: %s", client->client_id, error);
	}
	unsigned char verifier[SHA256_BYTES];
	fast_verifier(c, client, secret, verifier);
	database_begin(c->database, DATABASE_RELAXED);
	client_set_verifier(c->database, client->client_id, client->secret, verifier);
	database_commit(c->database);
	return true;
}

static bool secret_is_right(struct context *c, const struct client *client, const char *secret)
{
	unsigned char verifier[SHA256_BYTES];
	if (!client->secret_verifier)
		return slow_check(c, client, secret);
	fast_verifier(c, client, secret, verifier);
	return equal_in_constant_time(verifier, client->secret_verifier, sizeof verifier);
}

/* private_key_jwt: the key proves it, and nothing else may stand beside (RFC 6749 2.3). */
static const struct client *require_assertion(struct context *c, const char *assertion)
{
	const char *why, *client_id = parameter(c, "client_id");
	const char *type = parameter_require(c, "client_assertion_type", "RFC 7521 4.2");
	if (c->request.authorization || parameter(c, "client_secret"))
		refuse_because_and_leave(c, INVALID_REQUEST, "RFC 6749 2.3", "Two ways of client authentication were sent.");
	if (!text_equal(type, CLIENT_ASSERTION_TYPE))
		reject(c, NULL, "RFC 6749 5.2", "This client_assertion_type is not supported.");
	const char *sub = client_assertion_client_id(c->arena, assertion);
	if (!sub || (client_id && !text_equal(client_id, sub)))
		reject(c, NULL, "RFC 7521 4.2", "The client_assertion is malformed, or its sub is not the client_id.");
	const struct client *client = client_find(c->database, sub);
	if (!client || client->disabled_at)
		reject(c, NULL, "RFC 6749 5.2", "The client is unknown or disabled.");
	if (!text_equal(client->token_endpoint_auth_method, "private_key_jwt"))
		reject(c, client, "RFC 7591 2", "The client is not registered for private_key_jwt.");
	if (!client_assertion_check(c, client, assertion, &why))
		reject(c, client, "RFC 7523 3", why);
	return client;
}

const struct client *client_authentication_require(struct context *c)
{
	if (parameter(c, "client_assertion"))
		return require_assertion(c, parameter(c, "client_assertion"));
	struct credentials sent = read_credentials(c);
	const struct client *client = client_find(c->database, sent.id);
	if (!client && !text_equal(sent.id, sent.raw_id))
		client = client_find(c->database, sent.raw_id);
	if (!client)
		reject(c, NULL, "RFC 6749 5.2", "The client is unknown.");
	if (client->disabled_at)
		reject(c, client, "RFC 6749 5.2", "The client is disabled.");

	if (client_is_public(client)) {
		if (!text_empty(sent.secret))
			reject(c, client, "RFC 6749 2.3.1", "A public client has no secret.");
		return client;
	}
	if (text_empty(sent.secret))
		reject(c, client, "RFC 6749 3.2.1", "The client must authenticate.");
	const char *method = client->token_endpoint_auth_method;
	if (method && !text_equal(method, sent.method))
		reject(c, client, "RFC 7591 2", arena_format(c->arena, "The client is registered for %s.", method));
	bool right = secret_is_right(c, client, sent.secret)
		|| (!text_equal(sent.secret, sent.raw_secret) && secret_is_right(c, client, sent.raw_secret));
	if (!right)
		reject(c, client, "RFC 6749 2.3.1", "The client secret is wrong.");
	return client;
}
