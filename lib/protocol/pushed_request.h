/* The request_uri of a pushed authorization request (RFC 9126): made by par, taken up by authorize. */
#ifndef LATCHKEY_PROTOCOL_PUSHED_REQUEST_H
#define LATCHKEY_PROTOCOL_PUSHED_REQUEST_H

#include "lib/http/context.h"

#define PUSHED_REQUEST_PREFIX "urn:ietf:params:oauth:request_uri:"

/*
 * Stores the request's own parameters for its client, without those that authenticate it, and gives the request_uri. They are
 * sealed by its random part, of which the database has the hash alone.
 */
char *pushed_request_keep(struct context *c, const char *client_id);

/*
 * If the request names a pushed one, puts the pushed parameters in the place of its own and gives the hash that the flow
 * remembers; NULL if it names none. Refuses, by page and without returning, one that is unknown, expired, another client's
 * or does not open.
 */
const unsigned char *pushed_request_take(struct context *c);

#endif
