/* Proof Key for Code Exchange (RFC 7636), S256 alone. */
#ifndef LATCHKEY_PROTOCOL_PKCE_H
#define LATCHKEY_PROTOCOL_PKCE_H

#include "lib/base/arena.h"
#include "lib/protocol/errors.h"

/*
 * Whether the verifier (NULL: none sent) belongs to the challenge (NULL: none was made). NULL if so, else the error
 * and, in *clause, why.
 */
const struct error *pkce_check(struct arena *arena, const char *challenge, const char *verifier, const char **clause);

#endif
