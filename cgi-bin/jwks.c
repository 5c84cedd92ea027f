/*
 * The public keys that tokens are signed with (RFC 7517 5): the active one, the next one long before it signs, and
 * those whose tokens may still be valid.
 * Changes: nothing.
 */
#include "lib/endpoint/endpoint.h"
#include "lib/protocol/jwks.h"

static enum outcome handle(struct context *c)
{
	jwks_write(&c->response.body, c->database, c->now);
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
