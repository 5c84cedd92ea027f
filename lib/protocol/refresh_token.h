/*
 * Refresh tokens (RFC 9700 4.14.2): FAMILY.GENERATION.RANDOM.TAG. The family is the grant. The tag is an HMAC under
 * keys/refresh.key, so that any token of a family that was ever issued is known again, although the row keeps the hashes
 * of the current and the previous one alone: what is genuine and not current was used before, by somebody.
 */
#ifndef LATCHKEY_PROTOCOL_REFRESH_TOKEN_H
#define LATCHKEY_PROTOCOL_REFRESH_TOKEN_H

#include "lib/http/context.h"

enum { REFRESH_RANDOM_BYTES = 32, REFRESH_TOKEN_LONGEST = 128 };

struct refresh_token {
	const char *text;
	const char *grant_id;
	int64_t generation;
	unsigned char random[REFRESH_RANDOM_BYTES];
};

/* A token with this random part, or (NULL) a new one. Opens keys/refresh.key. */
struct refresh_token refresh_token_make(struct context *c, const char *grant_id, int64_t generation,
	const unsigned char *random);

/* Takes a text apart and checks the tag: false if this server never issued it. Opens keys/refresh.key. */
bool refresh_token_read(struct context *c, const char *text, struct refresh_token *token);

/*
 * Seals the random part of a successor so that only who has its predecessor can open it, and opens it again: one-time
 * pad with an HMAC keyed by the predecessor, which has one successor only. That the right bytes came out shows in the
 * successor's hash.
 */
void refresh_token_seal(const char *predecessor, const unsigned char in[REFRESH_RANDOM_BYTES],
	unsigned char out[REFRESH_RANDOM_BYTES]);

#endif
