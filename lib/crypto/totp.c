#include "lib/crypto/totp.h"

#include <string.h>

#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/crypto/sha1.h"

enum { STEPS_ASIDE = 1 }; /* RFC 6238 5.2: for a clock that is a little wrong, and for slow typing */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

char *base32_encode(struct arena *arena, const void *bytes, size_t length)
{
	const unsigned char *next = bytes;
	char *text = arena_alloc(arena, length / 5 * 8 + 9);
	char *end = text;
	unsigned bits = 0, held = 0;

	for (size_t i = 0; i < length; i++) {
		bits = (bits << 8 | next[i]) & 0xfff;
		for (held += 8; held >= 5; held -= 5)
			*end++ = alphabet[bits >> (held - 5) & 31];
	}
	if (held > 0)
		*end++ = alphabet[bits << (5 - held) & 31];
	return text;
}

unsigned char *base32_decode(struct arena *arena, const char *text, size_t *length)
{
	size_t characters = strlen(text);
	unsigned char *bytes = arena_alloc(arena, characters * 5 / 8 + 1);
	unsigned bits = 0, held = 0;

	*length = 0;
	for (size_t i = 0; i < characters; i++) {
		const char *found = strchr(alphabet, text[i]);

		if (!found)
			return NULL;
		bits = (bits << 5 | (unsigned)(found - alphabet)) & 0xfff;
		held += 5;
		if (held >= 8) {
			held -= 8;
			bytes[(*length)++] = (unsigned char)(bits >> held);
		}
	}
	/* A whole character too many, or bits that no encoder leaves. */
	if (held >= 5 || (bits & ((1u << held) - 1)) != 0)
		return NULL;
	return bytes;
}

char *totp_seed_make(struct arena *arena)
{
	unsigned char bytes[TOTP_SEED_BYTES];
	char *seed;

	random_bytes(bytes, sizeof bytes);
	seed = base32_encode(arena, bytes, sizeof bytes);
	explicit_bzero(bytes, sizeof bytes);
	return seed;
}

char *totp_code(struct arena *arena, const void *seed, size_t length, int64_t step)
{
	unsigned char counter[8], mac[SHA1_BYTES];
	uint32_t number;

	for (unsigned i = 0; i < sizeof counter; i++)
		counter[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
	hmac_sha1(seed, length, counter, sizeof counter, mac);
	const unsigned char *part = mac + (mac[SHA1_BYTES - 1] & 15);
	number = ((uint32_t)part[0] & 0x7f) << 24 | (uint32_t)part[1] << 16 | (uint32_t)part[2] << 8 | part[3];
	return arena_format(arena, "%0*u", TOTP_DIGITS, (unsigned)(number % 1000000));
}

bool totp_matches(struct arena *arena, const char *seed, const char *code, int64_t now, int64_t used_step, int64_t *step)
{
	size_t length;
	const unsigned char *bytes = base32_decode(arena, seed, &length);
	bool found = false;

	if (!bytes)
		return false;
	for (int64_t at = now / TOTP_STEP_SECONDS - STEPS_ASIDE; at <= now / TOTP_STEP_SECONDS + STEPS_ASIDE; at++) {
		if (text_equal_in_constant_time(code, totp_code(arena, bytes, length, at)) && at > used_step && !found) {
			found = true;
			*step = at;
		}
	}
	return found;
}
