#include "lib/crypto/seal.h"

#include <stdint.h>
#include <string.h>

#include <sodium.h>

#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/key_file.h"
#include "lib/crypto/random.h"
#include "lib/crypto/sodium_start.h"

/* A nonce of 24 random bytes never comes twice, however often one key seals. */
enum {
	NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	LONGEST = 1024 * 1024,
};

static const char version[] = "v1.";

bool seal_key_load(struct arena *arena, const char *path, unsigned char key[static SEAL_KEY_BYTES], const char **error)
{
	size_t length;
	unsigned char *bytes = key_file_read(arena, path, SEAL_KEY_BYTES, &length, error);

	if (bytes == NULL)
		return false;
	if (length == SEAL_KEY_BYTES)
		memcpy(key, bytes, SEAL_KEY_BYTES);
	else
		*error = arena_format(arena, "%s: must have exactly %d bytes", path, SEAL_KEY_BYTES);
	explicit_bzero(bytes, length);
	return length == SEAL_KEY_BYTES;
}

bool seal_key_create(struct arena *arena, const char *path, const char **error)
{
	unsigned char key[SEAL_KEY_BYTES];
	bool good;

	random_bytes(key, sizeof key);
	good = key_file_write(arena, path, &(struct octets){key, sizeof key}, 1, KEY_FILE_KEEP, error);
	explicit_bzero(key, sizeof key);
	return good;
}

char *seal(struct arena *arena, const unsigned char key[static SEAL_KEY_BYTES], const char *purpose, const char *plaintext)
{
	size_t length = strlen(plaintext);
	unsigned long long sealed;
	unsigned char *out;

	if (length > LONGEST || strlen(purpose) > LONGEST)
		return NULL;
	sodium_start();
	out = arena_alloc(arena, NONCE_BYTES + length + TAG_BYTES);
	random_bytes(out, NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE_BYTES, &sealed, (const unsigned char *)plaintext, length,
		(const unsigned char *)purpose, strlen(purpose), NULL, out, key);
	return arena_format(arena, "%s%s", version, base64url_encode(arena, out, NONCE_BYTES + (size_t)sealed));
}

char *unseal(struct arena *arena, const unsigned char key[static SEAL_KEY_BYTES], const char *purpose, const char *sealed)
{
	size_t text_length = strlen(sealed);
	unsigned char *bytes;
	size_t length;
	char *out;

	if (text_length > 2 * LONGEST || strlen(purpose) > LONGEST || strncmp(sealed, version, sizeof version - 1) != 0)
		return NULL;
	bytes = base64url_decode(arena, sealed + sizeof version - 1, text_length - (sizeof version - 1), &length);
	if (bytes == NULL || length < NONCE_BYTES + TAG_BYTES)
		return NULL;
	sodium_start();
	out = arena_alloc(arena, length - NONCE_BYTES - TAG_BYTES + 1);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)out, NULL, NULL, bytes + NONCE_BYTES, length - NONCE_BYTES,
			(const unsigned char *)purpose, strlen(purpose), bytes, key) != 0)
		return NULL;
	return out;
}

/* The label keeps it apart from all else that is derived from a token: CSRF tokens, of which the page has the bytes. */
static void key_of_token(struct arena *arena, const char *token, const char *purpose, unsigned char key[static SEAL_KEY_BYTES])
{
	const char *label = arena_format(arena, "seal:%s", purpose);

	hmac_sha256(token, strlen(token), label, strlen(label), key);
}

char *seal_by_token(struct arena *arena, const char *token, const char *purpose, const char *plaintext)
{
	unsigned char key[SEAL_KEY_BYTES];
	char *sealed;

	key_of_token(arena, token, purpose, key);
	sealed = seal(arena, key, purpose, plaintext);
	explicit_bzero(key, sizeof key);
	return sealed;
}

char *unseal_by_token(struct arena *arena, const char *token, const char *purpose, const char *sealed)
{
	unsigned char key[SEAL_KEY_BYTES];
	char *plaintext;

	key_of_token(arena, token, purpose, key);
	plaintext = unseal(arena, key, purpose, sealed);
	explicit_bzero(key, sizeof key);
	return plaintext;
}
