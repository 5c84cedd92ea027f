/*
 * Private keys that sign tokens: files in keys/signing, named by kid, as raw integers, so that a fresh process
 * reads them without any parser of OpenSSL's. A key's kid is its JWK thumbprint (RFC 7638).
 */
#ifndef LATCHKEY_CRYPTO_SIGNING_KEY_H
#define LATCHKEY_CRYPTO_SIGNING_KEY_H

#include <stdbool.h>

#include "lib/base/arena.h"

struct signing_key; /* alg, kid and the private key; wiped and freed with signing_key_free() */

/* Makes a key for `alg`: RS256 or PS256 (RSA with 2048 bits), ES256 (P-256), EdDSA (Ed25519). NULL if it is another. */
struct signing_key *signing_key_generate(struct arena *arena, const char *alg);

/* Writes it to folder/kid.key: mode 0600, file synced, renamed into place, folder synced. False with *error. */
bool signing_key_save(struct arena *arena, const struct signing_key *key, const char *folder, const char **error);

/* Reads folder/kid.key. NULL with *error if it is missing, damaged, readable by others, or for another algorithm. */
struct signing_key *signing_key_load(struct arena *arena, const char *folder, const char *kid, const char *alg, const char **error);

void signing_key_free(struct signing_key *key);

const char *signing_key_kid(const struct signing_key *key);
const char *signing_key_alg(const struct signing_key *key);

/* The public key as one JWK with kid, use and alg (RFC 7517), compact JSON. */
char *signing_key_public_jwk(struct arena *arena, const struct signing_key *key);

#endif
