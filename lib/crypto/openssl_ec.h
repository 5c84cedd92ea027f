/* ECDSA on P-256 by OpenSSL's low-level calls, which openssl_ec.c alone makes. Used within lib/crypto alone. */
#ifndef LATCHKEY_CRYPTO_OPENSSL_EC_H
#define LATCHKEY_CRYPTO_OPENSSL_EC_H

#include <stdbool.h>

#include "lib/base/arena.h"
#include "lib/crypto/octets.h"

struct ec_key_st;

/* The integers of a key, 32 bytes each, big-endian with leading zeros (RFC 7518 6.2); the first two are the public key. */
enum ec_part { EC_X, EC_Y, EC_PRIVATE, EC_PART_COUNT };

enum { EC_PART_BYTES = 32, EC_SIGNATURE_BYTES = 64 };

/* A fresh key; NULL on failure. */
struct ec_key_st *openssl_ec_generate(void);

/* A key from its three integers, or a public one from two; NULL if they cannot be those of a key. */
struct ec_key_st *openssl_ec_load(const struct octets *parts);
struct ec_key_st *openssl_ec_load_public(struct octets x, struct octets y);

/* One of the integers, in the arena. */
struct octets openssl_ec_part(struct arena *arena, const struct ec_key_st *key, enum ec_part part);

/* ECDSA over a digest of 32 bytes: r and s, one after the other (RFC 7518 3.4); empty on failure. */
struct octets openssl_ec_sign(struct arena *arena, struct ec_key_st *key, const unsigned char *digest);
bool openssl_ec_verify(struct ec_key_st *key, const unsigned char *digest, struct octets signature);

/* Wipes and frees it. */
void openssl_ec_free(struct ec_key_st *key);

#endif
