/*
 * Pushed authorization requests (RFC 9126): a client hands its authorization request over directly and sends the browser
 * with a reference alone. The checks are those of /authorize; client authentication comes first.
 * Changes: the stored request; the counter of wrong client secrets.
 */
#include "lib/base/json_write.h"
#include "lib/endpoint/endpoint.h"
#include "lib/identity/attempts.h"
#include "lib/protocol/authorization_request.h"
#include "lib/protocol/client_authentication.h"
#include "lib/protocol/pushed_request.h"

/* Anybody can name a public client: what one address may store is bounded, as it is at /authorize. */
static void require_room(struct context *c)
{
	database_begin(c->database, DATABASE_RELAXED);
	if (!attempt_count(c, "par:address", attempt_network(c), c->config->flow_limit_address, c->config->flow_seconds))
		refuse_and_leave(c, TOO_MANY_REQUESTS, "RFC 6585 4");
	database_commit(c->database);
}

static enum outcome handle(struct context *c)
{
	const struct client *client = client_authentication_require(c);
	if (parameter(c, "request_uri"))
		return refuse_because(c, INVALID_REQUEST, "RFC 9126 2.1", "A pushed request must not have a request_uri.");
	authorization_request_require(c, client, &client);

	if (client_is_public(client))
		require_room(c);

	struct buffer *out = &c->response.body;
	const char *uri = pushed_request_keep(c, client->client_id);
	json_object_open(out, NULL);
	json_text(out, "request_uri", uri);
	json_number(out, "expires_in", c->config->pushed_request_seconds);
	json_object_close(out);
	return response_json(c, 201);
}

static const struct parameter parameters[] = {
	AUTHORIZATION_REQUEST_PARAMETERS,
	CLIENT_SECRET_PARAMETERS,
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "par",
	.purpose = "takes an authorization request from the client itself",
	.specification = "RFC 9126",
	.methods = METHOD_POST,
	.answers = ANSWERS_JSON,
	.parameters = parameters,
	.reads = AUTHORIZATION_REQUEST_TABLES,
	.writes = "pushed_requests " CLIENT_AUTHENTICATION_TABLES,
	.keys = CLIENT_AUTHENTICATION_KEYS,
	.handle = handle,
};
