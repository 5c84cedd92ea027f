#include "lib/crypto/seal.h"

#include <stdint.h>
#include <string.h>

#include <openssl/evp.h>

#include "lib/crypto/base64.h"
#include "lib/crypto/key_file.h"
#include "lib/crypto/openssl_start.h"
#include "lib/crypto/random.h"

enum { NONCE_BYTES = 12, TAG_BYTES = 16, LONGEST = 1024 * 1024 };

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

static bool encrypt(EVP_CIPHER_CTX *cipher, const unsigned char *key, const char *purpose, const char *plaintext,
	int length, unsigned char *out)
{
	unsigned char *ciphertext = out + NONCE_BYTES;
	int done;

	return EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, out) == 1
		&& EVP_EncryptUpdate(cipher, NULL, &done, (const unsigned char *)purpose, (int)strlen(purpose)) == 1
		&& EVP_EncryptUpdate(cipher, ciphertext, &done, (const unsigned char *)plaintext, length) == 1 && done == length
		&& EVP_EncryptFinal_ex(cipher, ciphertext + length, &done) == 1 && done == 0
		&& EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, ciphertext + length) == 1;
}

char *seal(struct arena *arena, const unsigned char key[static SEAL_KEY_BYTES], const char *purpose, const char *plaintext)
{
	size_t length = strlen(plaintext);
	EVP_CIPHER_CTX *cipher;
	unsigned char *out;
	bool good;

	if (length > LONGEST || strlen(purpose) > LONGEST)
		return NULL;
	openssl_start();
	cipher = EVP_CIPHER_CTX_new();
	out = arena_alloc(arena, NONCE_BYTES + length + TAG_BYTES);
	random_bytes(out, NONCE_BYTES);
	good = cipher != NULL && encrypt(cipher, key, purpose, plaintext, (int)length, out);
	EVP_CIPHER_CTX_free(cipher);
	return good ? arena_format(arena, "%s%s", version, base64url_encode(arena, out, NONCE_BYTES + length + TAG_BYTES)) : NULL;
}

static bool decrypt(EVP_CIPHER_CTX *cipher, const unsigned char *key, const char *purpose, unsigned char *sealed,
	int length, char *out)
{
	unsigned char *ciphertext = sealed + NONCE_BYTES;
	int done;

	return EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, sealed) == 1
		&& EVP_DecryptUpdate(cipher, NULL, &done, (const unsigned char *)purpose, (int)strlen(purpose)) == 1
		&& EVP_DecryptUpdate(cipher, (unsigned char *)out, &done, ciphertext, length) == 1 && done == length
		&& EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, ciphertext + length) == 1
		&& EVP_DecryptFinal_ex(cipher, (unsigned char *)out + length, &done) == 1;
}

char *unseal(struct arena *arena, const unsigned char key[static SEAL_KEY_BYTES], const char *purpose, const char *sealed)
{
	size_t text_length = strlen(sealed);
	EVP_CIPHER_CTX *cipher;
	unsigned char *bytes;
	size_t length;
	char *out;
	bool good;

	if (text_length > 2 * LONGEST || strlen(purpose) > LONGEST || strncmp(sealed, version, sizeof version - 1) != 0)
		return NULL;
	bytes = base64url_decode(arena, sealed + sizeof version - 1, text_length - (sizeof version - 1), &length);
	if (bytes == NULL || length < NONCE_BYTES + TAG_BYTES)
		return NULL;
	length -= NONCE_BYTES + TAG_BYTES;
	openssl_start();
	cipher = EVP_CIPHER_CTX_new();
	out = arena_alloc(arena, length + 1);
	good = cipher != NULL && decrypt(cipher, key, purpose, bytes, (int)length, out);
	EVP_CIPHER_CTX_free(cipher);
	if (!good)
		explicit_bzero(out, length); /* what did not authenticate must not be used by accident */
	return good ? out : NULL;
}
