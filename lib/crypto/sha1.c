/* The low-level calls, as in openssl_digest.c: without the start of EVP, which a fresh process pays for. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "lib/crypto/sha1.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

void sha1(const void *bytes, size_t length, unsigned char out[static SHA1_BYTES])
{
	SHA_CTX state;

	SHA1_Init(&state);
	SHA1_Update(&state, bytes, length);
	SHA1_Final(out, &state);
	OPENSSL_cleanse(&state, sizeof state);
}

static void keyed(const unsigned char *key, unsigned char pad, const void *bytes, size_t length, unsigned char *out)
{
	unsigned char block[SHA_CBLOCK];
	SHA_CTX state;

	for (size_t i = 0; i < sizeof block; i++)
		block[i] = key[i] ^ pad;
	SHA1_Init(&state);
	SHA1_Update(&state, block, sizeof block);
	SHA1_Update(&state, bytes, length);
	SHA1_Final(out, &state);
	OPENSSL_cleanse(&state, sizeof state);
	OPENSSL_cleanse(block, sizeof block);
}

void hmac_sha1(const void *key, size_t key_length, const void *bytes, size_t length, unsigned char out[static SHA1_BYTES])
{
	unsigned char block[SHA_CBLOCK] = { 0 }, inner[SHA1_BYTES];

	if (key_length > sizeof block)
		sha1(key, key_length, block);
	else if (key_length > 0)
		memcpy(block, key, key_length);
	keyed(block, 0x36, bytes, length, inner);
	keyed(block, 0x5c, inner, sizeof inner, out);
	OPENSSL_cleanse(block, sizeof block);
}
