/* One-time passwords of authenticator apps (RFC 6238 with SHA-1, 6 digits, 30 seconds: what every app understands). */
#ifndef LATCHKEY_CRYPTO_TOTP_H
#define LATCHKEY_CRYPTO_TOTP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"

enum { TOTP_SEED_BYTES = 20, TOTP_DIGITS = 6, TOTP_STEP_SECONDS = 30 };

/* A new seed of 160 random bits (RFC 4226 4, R6), in base32. */
char *totp_seed_make(struct arena *arena);

/* The six digits of a time step (RFC 4226 5.3). */
char *totp_code(struct arena *arena, const void *seed, size_t length, int64_t step);

/*
 * Whether `code` is that of the time step of `now` or of one beside it, and of none up to `used_step`, which counted
 * already: then *step is that step. `seed` is base32. Takes as long for every wrong code.
 */
bool totp_matches(struct arena *arena, const char *seed, const char *code, int64_t now, int64_t used_step, int64_t *step);

/* RFC 4648 6, in capitals, without padding. */
char *base32_encode(struct arena *arena, const void *bytes, size_t length);

/* Of text without padding, in capitals; NULL if a character, the length or unused trailing bits are wrong. */
unsigned char *base32_decode(struct arena *arena, const char *text, size_t *length);

#endif
