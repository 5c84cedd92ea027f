/*
 * Scopes: which this server knows, and which claims each opens (OpenID Connect Core 5.4). Known are those of OpenID
 * Connect and those that the operator registered, by name or by a pattern (scope_pattern.h). Nothing here asks the
 * database where only scopes of OpenID Connect are asked for.
 */
#ifndef LATCHKEY_PROTOCOL_SCOPE_H
#define LATCHKEY_PROTOCOL_SCOPE_H

#include <stdbool.h>

#include "lib/http/context.h"
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

/* What an endpoint that calls the functions below must be able to read. */
#define SCOPE_TABLES "scopes"

/* Before a resource where it stands among scopes: in what users consented to. No scope begins like this. */
#define SCOPE_RESOURCE_PREFIX "resource="

/*
 * What the client gets of what it asks for: known, allowed to it, each once; offline_access only if it may refresh.
 * Scopes of OpenID Connect are allowed by name alone, others also by a pattern among the client's scopes.
 */
char *scope_granted(struct context *c, const struct client *client, const char *requested);

/*
 * Those that are registered, scopes of OpenID Connect left out. `resources` (words; NULL: does not matter) are those
 * that they have to belong to; `of_issuer`: or to none.
 */
char *scope_registered(struct context *c, const char *scope, const char *resources, bool of_issuer);

/* What the consent page says about a scope that is registered; NULL if it is not. */
const char *scope_description(struct context *c, const char *scope);

#endif
