/*
 * Ed25519 by EVP: OpenSSL has no other public way to it. In a fresh process a signature costs 0.45 ms, half of
 * what it cost before openssl_start() left the tables of names out; what remains is the fetching of a key manager,
 * a signature and SHA-512 from the provider.
 */
#include "lib/crypto/openssl_ed25519.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "lib/crypto/openssl_start.h"
#include "lib/crypto/random.h"

static EVP_PKEY *from_seed(const unsigned char *seed)
{
	EVP_PKEY *key;

	openssl_start();
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_PART_BYTES);
	if (key == NULL)
		ERR_clear_error();
	return key;
}

struct evp_pkey_st *openssl_ed25519_generate(void)
{
	unsigned char seed[ED25519_PART_BYTES];
	EVP_PKEY *key;

	random_bytes(seed, sizeof seed);
	key = from_seed(seed);
	explicit_bzero(seed, sizeof seed);
	return key;
}

struct evp_pkey_st *openssl_ed25519_load_public(struct octets public)
{
	EVP_PKEY *key;

	if (public.length != ED25519_PART_BYTES)
		return NULL;
	openssl_start();
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public.bytes, public.length);
	if (key == NULL)
		ERR_clear_error();
	return key;
}

struct evp_pkey_st *openssl_ed25519_load(const struct octets *parts)
{
	unsigned char public[ED25519_PART_BYTES];
	size_t length = sizeof public;
	EVP_PKEY *key;

	if (parts[ED25519_PUBLIC].length != sizeof public || parts[ED25519_PRIVATE].length != ED25519_PART_BYTES)
		return NULL;
	key = from_seed(parts[ED25519_PRIVATE].bytes);
	/* The public key goes into each signature: signing with another one would give the private key away. */
	if (key != NULL && EVP_PKEY_get_raw_public_key(key, public, &length) == 1 && length == sizeof public
		&& memcmp(public, parts[ED25519_PUBLIC].bytes, sizeof public) == 0)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

struct octets openssl_ed25519_part(struct arena *arena, const struct evp_pkey_st *key, enum ed25519_part part)
{
	unsigned char *bytes = arena_alloc(arena, ED25519_PART_BYTES);
	size_t length = ED25519_PART_BYTES;
	int good = part == ED25519_PUBLIC ? EVP_PKEY_get_raw_public_key(key, bytes, &length)
		: EVP_PKEY_get_raw_private_key(key, bytes, &length);

	return good == 1 ? (struct octets){bytes, length} : (struct octets){0};
}

struct octets openssl_ed25519_sign(struct arena *arena, struct evp_pkey_st *key, struct octets message)
{
	unsigned char *bytes = arena_alloc(arena, ED25519_SIGNATURE_BYTES);
	EVP_MD_CTX *state = EVP_MD_CTX_new();
	size_t length = ED25519_SIGNATURE_BYTES;
	bool good = state != NULL && EVP_DigestSignInit(state, NULL, NULL, NULL, key) == 1
		&& EVP_DigestSign(state, bytes, &length, message.bytes, message.length) == 1;

	EVP_MD_CTX_free(state);
	ERR_clear_error();
	return good ? (struct octets){bytes, length} : (struct octets){0};
}

bool openssl_ed25519_verify(struct evp_pkey_st *key, struct octets message, struct octets signature)
{
	EVP_MD_CTX *state = EVP_MD_CTX_new();
	bool good = signature.length == ED25519_SIGNATURE_BYTES && state != NULL
		&& EVP_DigestVerifyInit(state, NULL, NULL, NULL, key) == 1
		&& EVP_DigestVerify(state, signature.bytes, signature.length, message.bytes, message.length) == 1;

	EVP_MD_CTX_free(state);
	ERR_clear_error();
	return good;
}

void openssl_ed25519_free(struct evp_pkey_st *key)
{
	EVP_PKEY_free(key);
}
