/*
 * The metadata document (OpenID Connect Discovery 4; RFC 8414 3): all that a client needs to know besides its id and
 * secret. Servers also answer /.well-known/openid-configuration and /.well-known/oauth-authorization-server with it.
 * Changes: nothing, and opens no database.
 */
#include "lib/endpoint/endpoint.h"
#include "lib/protocol/metadata.h"

static enum outcome handle(struct context *c)
{
	metadata_write(&c->response.body, c->config);
	response_cache(c, c->config->jwks_cache_seconds);
	return response_tag(c) ? response_not_modified(c) : response_json(c, 200);
}

const struct endpoint endpoint = {
	.name = "discovery",
	.purpose = "describes this server to clients",
	.specification = "OpenID Connect Discovery 1.0 3, 4; RFC 8414; RFC 9207 3",
	.methods = METHOD_GET,
	.answers = ANSWERS_JSON,
	.cors = true,
	.reads = NULL,
	.writes = NULL,
	.keys = NULL,
	.handle = handle,
};
