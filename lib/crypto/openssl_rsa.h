/* RSA by OpenSSL's low-level calls, which openssl_rsa.c and openssl_rsa_pss.c alone make. Used within lib/crypto alone. */
#ifndef LATCHKEY_CRYPTO_OPENSSL_RSA_H
#define LATCHKEY_CRYPTO_OPENSSL_RSA_H

#include <stdbool.h>

#include "lib/base/arena.h"
#include "lib/crypto/octets.h"

struct rsa_st;

/* The integers of a key (RFC 8017 3.2), big-endian without leading zeros; the first two are the public key. */
enum rsa_part { RSA_MODULUS, RSA_EXPONENT, RSA_PRIVATE, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QI, RSA_PART_COUNT };

enum { RSA_SHORTEST = 256, RSA_LONGEST = 512 }; /* bytes of a modulus: 2048 to 4096 bits */

/* A fresh key with the exponent 65537; NULL on failure. */
struct rsa_st *openssl_rsa_generate(int bits);

/* A key from its eight integers, or a public one from two; NULL if they cannot be those of a key. */
struct rsa_st *openssl_rsa_load(const struct octets *parts);
struct rsa_st *openssl_rsa_load_public(struct octets modulus, struct octets exponent);

/* One of the integers, in the arena. */
struct octets openssl_rsa_part(struct arena *arena, const struct rsa_st *rsa, enum rsa_part part);

/* RSASSA-PKCS1-v1_5 with SHA-256 over a digest of 32 bytes, blinded; empty on failure. */
struct octets openssl_rsa_sign(struct arena *arena, struct rsa_st *rsa, const unsigned char *digest);
bool openssl_rsa_verify(struct rsa_st *rsa, const unsigned char *digest, struct octets signature);

/* RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt as long as the digest (RFC 7518 3.5), likewise. */
struct octets openssl_rsa_pss_sign(struct arena *arena, struct rsa_st *rsa, const unsigned char *digest);
bool openssl_rsa_pss_verify(struct rsa_st *rsa, const unsigned char *digest, struct octets signature);

/* Wipes and frees it. */
void openssl_rsa_free(struct rsa_st *rsa);

#endif
