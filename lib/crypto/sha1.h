/* SHA-1, for what others fixed on it: lists of breached passwords, and RFC 6238's codes. Nothing of ours stands on it. */
#ifndef LATCHKEY_CRYPTO_SHA1_H
#define LATCHKEY_CRYPTO_SHA1_H

#include <stddef.h>

enum { SHA1_BYTES = 20 };

void sha1(const void *bytes, size_t length, unsigned char out[static SHA1_BYTES]);

/* RFC 2104 with SHA-1. */
void hmac_sha1(const void *key, size_t key_length, const void *bytes, size_t length, unsigned char out[static SHA1_BYTES]);

#endif
