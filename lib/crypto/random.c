#include "lib/crypto/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

#include "lib/crypto/base64.h"

void random_bytes(void *out, size_t length)
{
	unsigned char *next = out;

	while (length > 0) {
		ssize_t got = getrandom(next, length, 0);

		if (got < 0 && errno == EINTR)
			continue;
		/* A program that cannot get randomness must not go on with what happens to be in `out`. */
		if (got <= 0)
			abort();
		next += got;
		length -= (size_t)got;
	}
}

char *random_token(struct arena *arena)
{
	unsigned char bytes[32];
	char *token;

	random_bytes(bytes, sizeof bytes);
	token = base64url_encode(arena, bytes, sizeof bytes);
	explicit_bzero(bytes, sizeof bytes);
	return token;
}

char *random_alphanumeric(struct arena *arena, size_t length)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	enum { LETTERS = sizeof alphabet - 1, UNBIASED = 256 - 256 % LETTERS };
	char *text = arena_alloc(arena, length + 1);
	unsigned char bytes[64];
	size_t used = sizeof bytes;

	for (size_t i = 0; i < length;) {
		if (used == sizeof bytes) {
			random_bytes(bytes, sizeof bytes);
			used = 0;
		}
		/* 256 is no multiple of 62: the bytes above the last whole one would favour some letters. */
		if (bytes[used] < UNBIASED)
			text[i++] = alphabet[bytes[used] % LETTERS];
		used++;
	}
	explicit_bzero(bytes, sizeof bytes);
	return text;
}

char *random_hex(struct arena *arena, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char *bytes = arena_alloc(arena, length / 2 + 1);
	char *text = arena_alloc(arena, length + 1);

	random_bytes(bytes, length / 2 + 1);
	for (size_t i = 0; i < length; i++)
		text[i] = digits[i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15];
	return text;
}
