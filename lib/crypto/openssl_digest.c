/*
 * The deprecated SHA256_Init() and its kin, on purpose: each request is a fresh process, where the first EVP digest
 * costs 0.7 to 1.0 ms (providers, tables of names) and these cost 0.03. The one-shot SHA256() will not do:
 * since OpenSSL 3 it goes through EVP. So a program that only hashes links neither EVP nor RSA.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "lib/crypto/openssl_digest.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

void openssl_sha256(const struct octets *parts, size_t count, unsigned char *out)
{
	SHA256_CTX state;

	SHA256_Init(&state);
	for (size_t i = 0; i < count; i++)
		SHA256_Update(&state, parts[i].bytes, parts[i].length);
	SHA256_Final(out, &state);
	OPENSSL_cleanse(&state, sizeof state);
}

void openssl_sha384(const struct octets *parts, size_t count, unsigned char *out)
{
	SHA512_CTX state;

	SHA384_Init(&state);
	for (size_t i = 0; i < count; i++)
		SHA384_Update(&state, parts[i].bytes, parts[i].length);
	SHA384_Final(out, &state);
	OPENSSL_cleanse(&state, sizeof state);
}

void openssl_sha512(const struct octets *parts, size_t count, unsigned char *out)
{
	SHA512_CTX state;

	SHA512_Init(&state);
	for (size_t i = 0; i < count; i++)
		SHA512_Update(&state, parts[i].bytes, parts[i].length);
	SHA512_Final(out, &state);
	OPENSSL_cleanse(&state, sizeof state);
}

bool openssl_equal(const void *a, const void *b, size_t length)
{
	return CRYPTO_memcmp(a, b, length) == 0;
}
