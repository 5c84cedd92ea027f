/* What ID tokens (OpenID Connect Core 2) and access tokens (RFC 9068 2.2) say. */
#ifndef LATCHKEY_PROTOCOL_TOKENS_H
#define LATCHKEY_PROTOCOL_TOKENS_H

#include "lib/http/context.h"
#include "lib/protocol/target.h"
#include "lib/records/client_store.h"
#include "lib/records/grant_store.h"
#include "lib/records/user_store.h"

/*
 * The payload of an access token as JSON. Without a grant (NULL) the client is its own subject (RFC 9068 5): ids of
 * clients and of users never are the same.
 */
char *access_token_payload(struct context *c, const struct client *client, const struct grant *grant, const struct target *target);

/*
 * The payload of an ID token as JSON. iss, sub and aud come first: id_token_hint.h reads them back.
 * `at_hash` belongs to the access token beside it.
 */
char *id_token_payload(struct context *c, const struct client *client, const struct grant *grant,
	const struct user *user, const struct claims *claims, const char *at_hash);

#endif
