/*
 * The public keys that tokens are signed with (RFC 7517 5): the active one, the next one long before it signs, and
 * those whose tokens may still be valid.
 * Changes: nothing.
 */
#include "lib/base/json_write.h"
#include "lib/endpoint/endpoint.h"
#include "lib/records/signing_key_store.h"

static void add_key(void *context, const struct signing_key_record *key)
{
	struct context *c = context;
	json_raw(&c->response.body, NULL, key->public_jwk);
}

static enum outcome handle(struct context *c)
{
	struct buffer *out = &c->response.body;
	json_object_open(out, NULL);
	json_array_open(out, "keys");
	signing_key_list(c->database, c->now, add_key, c);
	json_array_close(out);
	json_object_close(out);
	/* A next key signs only after having been here for longer than that. */
	response_cache(c, c->config->jwks_cache_seconds);
	return response_tag(c) ? response_not_modified(c) : response_json(c, 200);
}

const struct endpoint endpoint = {
	.name = "jwks",
	.purpose = "shows the public keys that tokens are signed with",
	.specification = "RFC 7517 5; OpenID Connect Core 10.1",
	.methods = METHOD_GET,
	.answers = ANSWERS_JSON,
	.cors = true,
	.reads = "signing_keys",
	.writes = NULL,
	.keys = NULL,
	.handle = handle,
};
