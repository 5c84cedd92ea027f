/* The JWK Set of this server (RFC 7517 5): the endpoint shows it, the command line writes it as a file. */
#ifndef LATCHKEY_PROTOCOL_JWKS_H
#define LATCHKEY_PROTOCOL_JWKS_H

#include "lib/base/buffer.h"
#include "lib/database/database.h"

/* Writes the public keys that are published now. Reads signing_keys. */
void jwks_write(struct buffer *out, struct database *db, int64_t now);

#endif
