#include "lib/crypto/digest.h"

#include <string.h>

#include "lib/crypto/openssl_digest.h"

enum { SHA256_BLOCK = 64 };

void sha256(const void *bytes, size_t length, unsigned char out[static SHA256_BYTES])
{
	openssl_sha256(&(struct octets){bytes, length}, 1, out);
}

void sha384(const void *bytes, size_t length, unsigned char out[static SHA384_BYTES])
{
	openssl_sha384(&(struct octets){bytes, length}, 1, out);
}

void sha512(const void *bytes, size_t length, unsigned char out[static SHA512_BYTES])
{
	openssl_sha512(&(struct octets){bytes, length}, 1, out);
}

unsigned char *sha256_of(struct arena *arena, const char *text)
{
	unsigned char *out = arena_alloc(arena, SHA256_BYTES);

	sha256(text, strlen(text), out);
	return out;
}

void hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
	unsigned char out[static SHA256_BYTES])
{
	unsigned char padded[SHA256_BLOCK] = {0};
	unsigned char inner[SHA256_BYTES];

	if (key_length > sizeof padded)
		sha256(key, key_length, padded);
	else if (key_length > 0)
		memcpy(padded, key, key_length);

	for (size_t i = 0; i < sizeof padded; i++)
		padded[i] ^= 0x36;
	openssl_sha256((struct octets[]){{padded, sizeof padded}, {bytes, length}}, 2, inner);
	for (size_t i = 0; i < sizeof padded; i++)
		padded[i] ^= 0x36 ^ 0x5c;
	openssl_sha256((struct octets[]){{padded, sizeof padded}, {inner, sizeof inner}}, 2, out);

	explicit_bzero(padded, sizeof padded);
	explicit_bzero(inner, sizeof inner);
}

bool equal_in_constant_time(const void *a, const void *b, size_t length)
{
	return openssl_equal(a, b, length);
}

bool text_equal_in_constant_time(const char *a, const char *b)
{
	size_t length;

	if (a == NULL || b == NULL)
		return false;
	length = strlen(a);
	return length == strlen(b) && openssl_equal(a, b, length);
}
