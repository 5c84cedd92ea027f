/* base64url without padding (RFC 4648 5, RFC 7515 2) and, for HTTP Basic, plain base64 (RFC 4648 4). */
#ifndef LATCHKEY_CRYPTO_BASE64_H
#define LATCHKEY_CRYPTO_BASE64_H

#include <stddef.h>

#include "lib/base/arena.h"

char *base64url_encode(struct arena *arena, const void *bytes, size_t length);

/* NULL if a character, the length or unused trailing bits are wrong. The result is NUL-terminated too. */
unsigned char *base64url_decode(struct arena *arena, const char *text, size_t text_length, size_t *length);

/* With or without padding; NULL if malformed. */
unsigned char *base64_decode(struct arena *arena, const char *text, size_t text_length, size_t *length);

/* Plain base64 with padding. */
char *base64_encode(struct arena *arena, const void *bytes, size_t length);

#endif
