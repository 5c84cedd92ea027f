/*
 * What an access token is for (RFC 8707): its audience, and what follows from that. The resources are the APIs that the
 * operator registered; the issuer itself, whose userinfo endpoint wants `openid`, is one too and needs no registering.
 *
 * - Without `resource` the audience is the issuer, and the scope all that was granted.
 * - authorize keeps the resources that it was asked for with the grant. At the token endpoint `resource` names some of
 *   them; without it the token is for all of the grant's. So clients that send `resource` at both ends (MCP's,
 *   openid-client) and those that send it at authorize alone get `aud` = their resource. A grant without resources is
 *   for the issuer alone.
 * - With resources the scope is cut down to what belongs to them (RFC 8707 2.2: an API needs to know no more). Scopes of
 *   OpenID Connect, and those registered without a resource, belong to the issuer. Such a token does not open userinfo:
 *   the API that it is sent to could read there what the user told the client alone. Who wants both asks for
 *   resource=ISSUER as well, best one token each. The ID token is not touched by any of this.
 * - Life and signing algorithm are the resource's; of several the shortest life, and the first one's algorithm.
 * - A client with resource_handling=ignore gets what it would get if it had sent no `resource`.
 */
#ifndef LATCHKEY_PROTOCOL_TARGET_H
#define LATCHKEY_PROTOCOL_TARGET_H

#include "lib/http/context.h"
#include "lib/protocol/scope.h"
#include "lib/records/client_store.h"
#include "lib/records/grant_store.h"

/* Rows of an endpoint's parameter table: any bytes, since what is malformed is invalid_target here (RFC 8707 2). */
#define TARGET_PARAMETER { "resource", is_bytes, TARGET_LONGEST, true }
#define TARGET_AUDIENCE_PARAMETER { "audience", is_bytes, TARGET_LONGEST, false }

/* What an endpoint that calls the functions below must be able to read. */
#define TARGET_TABLES "resources " SCOPE_TABLES

enum { TARGET_LONGEST = 1024, TARGET_RESOURCES_MOST = 8 };

struct target {
	const char *audience;    /* words */
	const char *scope;       /* words: of the access token */
	int64_t seconds;         /* its life */
	const char *signing_alg;
};

/* An absolute URI without a fragment (RFC 8707 2). */
bool target_is_uri(const char *text);

/* The resources that a request names, as they are registered; NULL: none. Refuses with invalid_target. */
const char *target_resources_require(struct context *c, const struct client *client);

/* The same for client_credentials, where `audience` means what `resource` does: many clients send it. */
const char *target_audience_require(struct context *c, const struct client *client);

/* What a token for these resources (NULL: the issuer) and this scope is. Refuses if one is not registered any more. */
struct target target_require(struct context *c, const struct client *client, const char *resources, const char *scope);

/* The same for a grant, and for those of its resources that the token request names. */
struct target target_of_grant_require(struct context *c, const struct client *client, const struct grant *grant);

#endif
