/*
 * The public keys of a client (RFC 7591 2: jwks), as a JWK Set (RFC 7517 5) to and from lines that programs without
 * a JSON parser read: lib/crypto/jws_foreign.h has their form, schema.sql their place (clients.jwks).
 */
#ifndef LATCHKEY_PROTOCOL_CLIENT_KEYS_H
#define LATCHKEY_PROTOCOL_CLIENT_KEYS_H

#include "lib/base/buffer.h"

struct cJSON;

enum { CLIENT_KEYS_MOST = 8, CLIENT_KEY_KID_LONGEST = 255 };

/* Checks and compiles a JWK Set; an RSA key that names no alg counts for RS256 and PS256. NULL with a sentence in *error. */
const char *client_keys_read(struct arena *arena, const struct cJSON *jwks, const char **error);

/* Writes lines that client_keys_read() made as the JWK Set that they came from. NULL lines write nothing. */
void client_keys_write(struct buffer *out, const char *name, const char *lines);

#endif
