/* Randomness from the kernel, getrandom(2), and nothing else. */
#ifndef LATCHKEY_CRYPTO_RANDOM_H
#define LATCHKEY_CRYPTO_RANDOM_H

#include <stddef.h>

#include "lib/base/arena.h"

/* Fills `out`; ends the process if the kernel gives none. */
void random_bytes(void *out, size_t length);

/* 256 random bits as 43 characters of base64url: codes, tokens, session ids (invariant 3). */
char *random_token(struct arena *arena);

/* `length` random letters and digits, unbiased: generated ids and secrets, so that encoding never matters to a client. */
char *random_alphanumeric(struct arena *arena, size_t length);

/* `length` random hexadecimal digits. */
char *random_hex(struct arena *arena, size_t length);

#endif
