/* Ed25519 by OpenSSL's EVP, which openssl_ed25519.c alone calls. Used within lib/crypto alone. */
#ifndef LATCHKEY_CRYPTO_OPENSSL_ED25519_H
#define LATCHKEY_CRYPTO_OPENSSL_ED25519_H

#include <stdbool.h>

#include "lib/base/arena.h"
#include "lib/crypto/octets.h"

struct evp_pkey_st;

/* The strings of a key, 32 bytes each (RFC 8032 5.1.5); the first is the public key. */
enum ed25519_part { ED25519_PUBLIC, ED25519_PRIVATE, ED25519_PART_COUNT };

enum { ED25519_PART_BYTES = 32, ED25519_SIGNATURE_BYTES = 64 };

/* A fresh key; NULL on failure. */
struct evp_pkey_st *openssl_ed25519_generate(void);

/* A key from both strings, or a public one from the first; NULL if they cannot be those of a key. */
struct evp_pkey_st *openssl_ed25519_load(const struct octets *parts);
struct evp_pkey_st *openssl_ed25519_load_public(struct octets public);

/* One of the strings, in the arena. */
struct octets openssl_ed25519_part(struct arena *arena, const struct evp_pkey_st *key, enum ed25519_part part);

/* Over the message itself, not a digest of it; empty on failure. */
struct octets openssl_ed25519_sign(struct arena *arena, struct evp_pkey_st *key, struct octets message);
bool openssl_ed25519_verify(struct evp_pkey_st *key, struct octets message, struct octets signature);

/* Wipes and frees it. */
void openssl_ed25519_free(struct evp_pkey_st *key);

#endif
