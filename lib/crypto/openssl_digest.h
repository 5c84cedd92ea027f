/* SHA-2 by OpenSSL's low-level calls, which openssl_digest.c alone makes. Used within lib/crypto alone. */
#ifndef LATCHKEY_CRYPTO_OPENSSL_DIGEST_H
#define LATCHKEY_CRYPTO_OPENSSL_DIGEST_H

#include <stdbool.h>

#include "lib/crypto/octets.h"

/* The digest of the parts, one after the other: 32, 48 and 64 bytes. */
void openssl_sha256(const struct octets *parts, size_t count, unsigned char *out);
void openssl_sha384(const struct octets *parts, size_t count, unsigned char *out);
void openssl_sha512(const struct octets *parts, size_t count, unsigned char *out);

/* Takes as long whatever the bytes are. */
bool openssl_equal(const void *a, const void *b, size_t length);

#endif
