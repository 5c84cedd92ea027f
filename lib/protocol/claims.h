/* What a client is told of a user: the claims of its scopes (Core 5.4), those asked for one by one (5.5), its own mapping. */
#ifndef LATCHKEY_PROTOCOL_CLAIMS_H
#define LATCHKEY_PROTOCOL_CLAIMS_H

#include "lib/base/buffer.h"
#include "lib/records/client_store.h"
#include "lib/records/user_store.h"

/*
 * Writes members into an object that is open in `out`. `scope` NULL leaves out what scopes open; `wanted` (words,
 * NULL: none) are claims asked for one by one. Claims that the user does not have are left out, except name,
 * preferred_username and email_verified, which always come with their scope (CLIENTS: applications lock users out otherwise).
 */
void claims_write(struct buffer *out, const struct claim_rules *rules, const struct user *user, const struct claims *claims,
	const char *scope, const char *wanted);

#endif
