/* Client authentication by private_key_jwt: a JWT that the client signed (RFC 7523 2.2, 3; OpenID Connect Core 9). */
#ifndef LATCHKEY_PROTOCOL_CLIENT_ASSERTION_H
#define LATCHKEY_PROTOCOL_CLIENT_ASSERTION_H

#include "lib/crypto/jws_foreign.h"
#include "lib/http/context.h"
#include "lib/records/client_store.h"

/* What an endpoint that checks one must declare in its privileges, and the longest parameter. */
#define CLIENT_ASSERTION_TABLES "assertions"
enum { CLIENT_ASSERTION_LONGEST = JWS_FOREIGN_LONGEST };

/* The value of client_assertion_type that goes with it. */
#define CLIENT_ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* The client that an assertion speaks of: its sub, which nobody has verified. NULL if it cannot be read. */
const char *client_assertion_client_id(struct arena *arena, const char *assertion);

/*
 * Whether the assertion proves that the request comes from `client`, with the keys registered for it; if not, *why is a
 * sentence in printable ASCII. A good one is used up, durably, by a transaction of its own: never call it inside one.
 */
bool client_assertion_check(struct context *c, const struct client *client, const char *assertion, const char **why);

#endif
