/*
 * What makes OpenSSL bearable in a process that lives for one request: no configuration file (which the
 * environment could name), no error texts, no work at exit, no tables with the names of all ciphers and digests
 * (0.3 ms at the first call of EVP, which finds what is fetched here without them), and randomness straight from
 * the kernel by the deprecated RAND_METHOD instead of a tree of generators that each process would seed anew.
 * Together with openssl_rsa.c this makes an RS256 signature cost 0.7 ms in a fresh process instead of 2.5.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "lib/crypto/openssl_start.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "lib/crypto/random.h"

enum { MASK_BYTES = 32 };

static unsigned char current_mask[MASK_BYTES];

static int from_kernel(unsigned char *out, int length)
{
	if (length < 0)
		return 0;
	random_bytes(out, (size_t)length);
	for (size_t i = 0; i < (size_t)length; i++)
		out[i] ^= current_mask[i % MASK_BYTES];
	return 1;
}

static int always_ready(void)
{
	return 1;
}

void openssl_start(void)
{
	static const RAND_METHOD kernel = {.bytes = from_kernel, .pseudorand = from_kernel, .status = always_ready};
	static bool started;

	if (started)
		return;
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT
			| OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS, NULL) != 1
		|| RAND_set_rand_method(&kernel) != 1)
		abort();
	started = true;
}

void openssl_mask_randomness(const unsigned char *mask)
{
	if (mask == NULL)
		explicit_bzero(current_mask, sizeof current_mask);
	else
		memcpy(current_mask, mask, sizeof current_mask);
}
