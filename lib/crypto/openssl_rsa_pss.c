/*
 * PSS by OpenSSL's own padding around the bare RSA operation, with a digest made of the deprecated SHA256_Init() and
 * its kin: with EVP_sha256() each fresh process would fetch it from a provider, and a signature would cost 0.9 ms
 * instead of 0.72.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "lib/crypto/openssl_rsa.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

enum { DIGEST_BYTES = SHA256_DIGEST_LENGTH, SALT_BYTES = DIGEST_BYTES };

static int digest_init(EVP_MD_CTX *digest)
{
	return SHA256_Init(EVP_MD_CTX_get0_md_data(digest));
}

static int digest_update(EVP_MD_CTX *digest, const void *bytes, size_t length)
{
	return SHA256_Update(EVP_MD_CTX_get0_md_data(digest), bytes, length);
}

static int digest_final(EVP_MD_CTX *digest, unsigned char *out)
{
	return SHA256_Final(out, EVP_MD_CTX_get0_md_data(digest));
}

/* Made once a process and kept; NULL without memory. */
static const EVP_MD *sha256_method(void)
{
	static EVP_MD *method;
	EVP_MD *fresh;

	if (method != NULL)
		return method;
	fresh = EVP_MD_meth_new(NID_sha256, NID_undef);
	if (fresh != NULL && EVP_MD_meth_set_result_size(fresh, DIGEST_BYTES) == 1
		&& EVP_MD_meth_set_input_blocksize(fresh, SHA256_CBLOCK) == 1
		&& EVP_MD_meth_set_app_datasize(fresh, sizeof(SHA256_CTX)) == 1
		&& EVP_MD_meth_set_init(fresh, digest_init) == 1 && EVP_MD_meth_set_update(fresh, digest_update) == 1
		&& EVP_MD_meth_set_final(fresh, digest_final) == 1)
		return method = fresh;
	EVP_MD_meth_free(fresh);
	return NULL;
}

struct octets openssl_rsa_pss_sign(struct arena *arena, struct rsa_st *rsa, const unsigned char *digest)
{
	const EVP_MD *method = sha256_method();
	size_t size = (size_t)RSA_size(rsa);
	unsigned char *padded = arena_alloc(arena, size);
	unsigned char *bytes = arena_alloc(arena, size);

	if (method != NULL && RSA_padding_add_PKCS1_PSS_mgf1(rsa, padded, digest, method, method, SALT_BYTES) == 1
		&& RSA_private_encrypt((int)size, padded, bytes, rsa, RSA_NO_PADDING) == (int)size)
		return (struct octets){bytes, size};
	ERR_clear_error();
	return (struct octets){0};
}

bool openssl_rsa_pss_verify(struct rsa_st *rsa, const unsigned char *digest, struct octets signature)
{
	const EVP_MD *method = sha256_method();
	unsigned char padded[RSA_LONGEST];
	int size = RSA_size(rsa);
	bool good = method != NULL && size <= RSA_LONGEST && signature.length == (size_t)size
		&& RSA_public_decrypt(size, signature.bytes, padded, rsa, RSA_NO_PADDING) == size
		&& RSA_verify_PKCS1_PSS_mgf1(rsa, digest, method, method, padded, SALT_BYTES) == 1;

	ERR_clear_error();
	return good;
}
