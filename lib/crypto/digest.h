/* SHA-2 and HMAC-SHA-256, by the calls that cost microseconds in a fresh process, and comparing without telling. */
#ifndef LATCHKEY_CRYPTO_DIGEST_H
#define LATCHKEY_CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"

enum { SHA256_BYTES = 32, SHA384_BYTES = 48, SHA512_BYTES = 64 };

void sha256(const void *bytes, size_t length, unsigned char out[static SHA256_BYTES]);
void sha384(const void *bytes, size_t length, unsigned char out[static SHA384_BYTES]);
void sha512(const void *bytes, size_t length, unsigned char out[static SHA512_BYTES]);

/* The SHA-256 of a string, 32 bytes in the arena: what is stored instead of a token. */
unsigned char *sha256_of(struct arena *arena, const char *text);

/* RFC 2104 with SHA-256. */
void hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
	unsigned char out[static SHA256_BYTES]);

/* Takes as long whatever the bytes are. */
bool equal_in_constant_time(const void *a, const void *b, size_t length);

/* The same for strings; only their lengths may show. NULL equals nothing. */
bool text_equal_in_constant_time(const char *a, const char *b);

#endif
