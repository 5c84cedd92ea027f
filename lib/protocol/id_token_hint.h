/* ID tokens that come back as a hint (OpenID Connect Core 3.1.2.1, RP-Initiated Logout 2): expired ones count too. */
#ifndef LATCHKEY_PROTOCOL_ID_TOKEN_HINT_H
#define LATCHKEY_PROTOCOL_ID_TOKEN_HINT_H

#include "lib/http/context.h"

struct id_token_hint {
	const char *sub;
	const char *aud; /* the client that it was issued to */
	const char *sid;
};

/* False if it is not an ID token that this server signed with a key that it still knows. Reads signing_keys. */
bool id_token_hint_read(struct context *c, const char *token, struct id_token_hint *hint);

#endif
