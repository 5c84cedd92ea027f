#include "lib/crypto/base64.h"

#include <stdbool.h>
#include <stdint.h>

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *encode(struct arena *arena, const char *alphabet, bool padded, const unsigned char *bytes, size_t length)
{
	char *text = arena_alloc(arena, length / 3 * 4 + 5);
	char *end = text;
	size_t i = 0;

	for (; length - i >= 3; i += 3) {
		*end++ = alphabet[bytes[i] >> 2];
		*end++ = alphabet[(bytes[i] & 3) << 4 | bytes[i + 1] >> 4];
		*end++ = alphabet[(bytes[i + 1] & 15) << 2 | bytes[i + 2] >> 6];
		*end++ = alphabet[bytes[i + 2] & 63];
	}
	if (length - i == 1) {
		*end++ = alphabet[bytes[i] >> 2];
		*end++ = alphabet[(bytes[i] & 3) << 4];
	} else if (length - i == 2) {
		*end++ = alphabet[bytes[i] >> 2];
		*end++ = alphabet[(bytes[i] & 3) << 4 | bytes[i + 1] >> 4];
		*end++ = alphabet[(bytes[i + 1] & 15) << 2];
	}
	while (padded && (end - text) % 4 != 0)
		*end++ = '=';
	*end = '\0';
	return text;
}

/* The six bits that a character stands for, 64 for any other character. */
static unsigned value_of(char character, const char *alphabet)
{
	if (character >= 'A' && character <= 'Z')
		return (unsigned)(character - 'A');
	if (character >= 'a' && character <= 'z')
		return (unsigned)(character - 'a') + 26;
	if (character >= '0' && character <= '9')
		return (unsigned)(character - '0') + 52;
	if (character == alphabet[62])
		return 62;
	return character == alphabet[63] ? 63 : 64;
}

static unsigned char *decode(struct arena *arena, const char *alphabet, const char *text, size_t text_length, size_t *length)
{
	unsigned char *bytes;
	uint32_t bits = 0;
	unsigned waiting = 0; /* bits that are not written yet */

	*length = 0;
	if (text_length % 4 == 1)
		return NULL;
	bytes = arena_alloc(arena, text_length / 4 * 3 + 3);
	for (size_t i = 0; i < text_length; i++) {
		unsigned value = value_of(text[i], alphabet);

		if (value > 63)
			return NULL;
		bits = (bits << 6 | value) & 0xffff;
		waiting += 6;
		if (waiting >= 8) {
			waiting -= 8;
			bytes[(*length)++] = (unsigned char)(bits >> waiting);
		}
	}
	/* Else one value would have several spellings, and a token could be changed without its hash being told. */
	if ((bits & ((1u << waiting) - 1)) != 0)
		return NULL;
	return bytes;
}

char *base64url_encode(struct arena *arena, const void *bytes, size_t length)
{
	return encode(arena, url, false, bytes, length);
}

unsigned char *base64url_decode(struct arena *arena, const char *text, size_t text_length, size_t *length)
{
	return decode(arena, url, text, text_length, length);
}

unsigned char *base64_decode(struct arena *arena, const char *text, size_t text_length, size_t *length)
{
	size_t padding = 0;

	while (padding < 2 && padding < text_length && text[text_length - 1 - padding] == '=')
		padding++;
	if (padding > 0 && text_length % 4 != 0) {
		*length = 0;
		return NULL;
	}
	return decode(arena, plain, text, text_length - padding, length);
}

char *base64_encode(struct arena *arena, const void *bytes, size_t length)
{
	return encode(arena, plain, true, bytes, length);
}
