#include "lib/protocol/pushed_request.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/crypto/seal.h"
#include "lib/protocol/errors.h"
#include "lib/records/pushed_request_store.h"

enum { CLEANUP_ROWS = 4 };

static const char *parameters_purpose(struct context *c, const char *client_id)
{
	return arena_format(c->arena, "pushed_requests.parameters:%s", client_id);
}

char *pushed_request_keep(struct context *c, const char *client_id)
{
	const char *token = random_token(c->arena);
	struct buffer form = buffer_create(c->arena, 1024);
	for (int i = 0; i < c->parameters.count; i++) {
		const struct parameter_value *value = &c->parameters.values[i];
		if (!words_contain("client_id client_secret client_assertion client_assertion_type", value->name))
			buffer_format(&form, "%s=%s&", value->name, form_encode(c->arena, value->text));
	}
	buffer_format(&form, "client_id=%s", form_encode(c->arena, client_id));
	const char *sealed = seal_by_token(c->arena, token, parameters_purpose(c, client_id), form.data);
	if (!sealed)
		fail(c, "the pushed request was not sealed");

	database_begin(c->database, DATABASE_RELAXED); /* it lives for a minute: a power cut costs one try */
	pushed_request_insert(c->database, &(struct pushed_request){ .request_hash = sha256_of(c->arena, token),
		.client_id = client_id, .parameters = sealed, .expires_at = c->now + c->config->pushed_request_seconds });
	pushed_request_remove_expired(c->database, c->now, CLEANUP_ROWS);
	database_commit(c->database);
	return arena_format(c->arena, "%s%s", PUSHED_REQUEST_PREFIX, token);
}

const unsigned char *pushed_request_take(struct context *c)
{
	const char *uri = parameter(c, "request_uri"), *client_id = parameter(c, "client_id");
	if (!uri || !text_starts_with(uri, PUSHED_REQUEST_PREFIX))
		return NULL;
	const char *token = uri + strlen(PUSHED_REQUEST_PREFIX);
	const unsigned char *hash = sha256_of(c->arena, token);
	const struct pushed_request *pushed = pushed_request_find(c->database, hash, c->now);
	if (!pushed || !text_equal(pushed->client_id, client_id))
		refuse_and_leave(c, INVALID_REQUEST_URI, "RFC 9126 4");
	const char *form = unseal_by_token(c->arena, token, parameters_purpose(c, client_id), pushed->parameters);
	if (!form)
		refuse_and_leave(c, INVALID_REQUEST_URI, "RFC 9126 4");
	/* What else stands beside request_uri is ignored: only what was pushed was checked (RFC 9126 4). */
	struct request stored = { .method = METHOD_GET, .query = form };
	c->parameters = parameters_read(c->arena, c->endpoint->parameters, &stored);
	return hash;
}
