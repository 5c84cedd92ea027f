/* Scopes: which this server knows, and which claims each opens (OpenID Connect Core 5.4). */
#ifndef LATCHKEY_PROTOCOL_SCOPE_H
#define LATCHKEY_PROTOCOL_SCOPE_H

#include <stdbool.h>

#include "lib/records/client_store.h"

/* Words: all that discovery lists. */
#define SCOPES_SUPPORTED "openid profile email address phone groups offline_access"

/* Words: the claims that discovery lists. */
#define CLAIMS_SUPPORTED \
	"sub iss aud exp iat auth_time nonce acr amr at_hash sid name family_name given_name middle_name nickname " \
	"preferred_username profile picture website gender birthdate zoneinfo locale updated_at email " \
	"email_verified address phone_number phone_number_verified groups"

/* Words: the claims that a scope opens; "" if none. */
const char *scope_claims(const char *scope);

/* What the client gets of what it asks for: known, allowed to it, each once; offline_access only if it may refresh. */
char *scope_granted(struct arena *arena, const struct client *client, const char *requested);

#endif
