/*
 * The deprecated RSA_sign() and its kin, on purpose: in a fresh process a signature by d2i and EVP costs 2.5 ms,
 * by EVP_PKEY_fromdata() 1.5, and by these calls from raw integers 0.7 (of which blinding is 0.3 and stays on).
 * OpenSSL checks what the Chinese remainder theorem gave with the public exponent, so that a faulty
 * computation does not give the factors away.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "lib/crypto/openssl_rsa.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include "lib/crypto/openssl_start.h"

enum { DIGEST_BYTES = 32 };

struct rsa_st *openssl_rsa_generate(int bits)
{
	RSA *rsa;
	BIGNUM *exponent;
	bool good;

	openssl_start();
	rsa = RSA_new();
	exponent = BN_new();
	good = rsa != NULL && exponent != NULL && BN_set_word(exponent, RSA_F4) == 1
		&& RSA_generate_key_ex(rsa, bits, exponent, NULL) == 1;
	BN_free(exponent);
	if (good)
		return rsa;
	RSA_free(rsa);
	return NULL;
}

static bool modulus_fits(struct octets modulus)
{
	return modulus.length >= RSA_SHORTEST && modulus.length <= RSA_LONGEST && (modulus.bytes[0] & 0x80) != 0
		&& (modulus.bytes[modulus.length - 1] & 1) != 0;
}

/* 65537 and nothing else: small or huge exponents are an attack or a way to make verifying slow. */
static bool exponent_fits(struct octets exponent)
{
	return exponent.length == 3 && exponent.bytes[0] == 1 && exponent.bytes[1] == 0 && exponent.bytes[2] == 1;
}

static bool parts_fit(const struct octets *parts)
{
	size_t length = parts[RSA_MODULUS].length;

	if (!modulus_fits(parts[RSA_MODULUS]) || !exponent_fits(parts[RSA_EXPONENT]))
		return false;
	if (parts[RSA_PRIVATE].length == 0 || parts[RSA_PRIVATE].length > length)
		return false;
	for (int i = RSA_P; i < RSA_PART_COUNT; i++)
		if (parts[i].length == 0 || parts[i].length > length / 2)
			return false;
	return (parts[RSA_P].bytes[parts[RSA_P].length - 1] & parts[RSA_Q].bytes[parts[RSA_Q].length - 1] & 1) != 0;
}

static BIGNUM *integer(struct octets part)
{
	return BN_bin2bn(part.bytes, (int)part.length, NULL);
}

struct rsa_st *openssl_rsa_load(const struct octets *parts)
{
	BIGNUM *numbers[RSA_PART_COUNT];
	bool good = true;
	RSA *rsa;

	if (!parts_fit(parts))
		return NULL;
	openssl_start();
	rsa = RSA_new();
	for (int i = 0; i < RSA_PART_COUNT; i++) {
		numbers[i] = integer(parts[i]);
		good = good && numbers[i] != NULL;
	}
	/* Each of these takes all of its integers or, on failure, none. */
	good = good && rsa != NULL;
	if (good && RSA_set0_key(rsa, numbers[RSA_MODULUS], numbers[RSA_EXPONENT], numbers[RSA_PRIVATE]) == 1)
		numbers[RSA_MODULUS] = numbers[RSA_EXPONENT] = numbers[RSA_PRIVATE] = NULL;
	else
		good = false;
	if (good && RSA_set0_factors(rsa, numbers[RSA_P], numbers[RSA_Q]) == 1)
		numbers[RSA_P] = numbers[RSA_Q] = NULL;
	else
		good = false;
	if (good && RSA_set0_crt_params(rsa, numbers[RSA_DP], numbers[RSA_DQ], numbers[RSA_QI]) == 1)
		numbers[RSA_DP] = numbers[RSA_DQ] = numbers[RSA_QI] = NULL;
	else
		good = false;
	for (int i = 0; i < RSA_PART_COUNT; i++)
		BN_clear_free(numbers[i]);
	if (good)
		return rsa;
	RSA_free(rsa);
	return NULL;
}

struct rsa_st *openssl_rsa_load_public(struct octets modulus, struct octets exponent)
{
	BIGNUM *n;
	BIGNUM *e;
	RSA *rsa;

	if (!modulus_fits(modulus) || !exponent_fits(exponent))
		return NULL;
	openssl_start();
	n = integer(modulus);
	e = integer(exponent);
	rsa = RSA_new();
	if (n != NULL && e != NULL && rsa != NULL && RSA_set0_key(rsa, n, e, NULL) == 1)
		return rsa;
	BN_free(n);
	BN_free(e);
	RSA_free(rsa);
	return NULL;
}

struct octets openssl_rsa_part(struct arena *arena, const struct rsa_st *rsa, enum rsa_part part)
{
	const BIGNUM *numbers[RSA_PART_COUNT] = {
		[RSA_MODULUS] = RSA_get0_n(rsa), [RSA_EXPONENT] = RSA_get0_e(rsa), [RSA_PRIVATE] = RSA_get0_d(rsa),
		[RSA_P] = RSA_get0_p(rsa), [RSA_Q] = RSA_get0_q(rsa),
		[RSA_DP] = RSA_get0_dmp1(rsa), [RSA_DQ] = RSA_get0_dmq1(rsa), [RSA_QI] = RSA_get0_iqmp(rsa),
	};
	unsigned char *bytes = arena_alloc(arena, (size_t)BN_num_bytes(numbers[part]) + 1);

	return (struct octets){bytes, (size_t)BN_bn2bin(numbers[part], bytes)};
}

struct octets openssl_rsa_sign(struct arena *arena, struct rsa_st *rsa, const unsigned char *digest)
{
	unsigned char *bytes = arena_alloc(arena, (size_t)RSA_size(rsa));
	unsigned length = 0;

	if (RSA_sign(NID_sha256, digest, DIGEST_BYTES, bytes, &length, rsa) != 1) {
		ERR_clear_error();
		length = 0;
	}
	return (struct octets){bytes, length};
}

bool openssl_rsa_verify(struct rsa_st *rsa, const unsigned char *digest, struct octets signature)
{
	bool good = signature.length == (size_t)RSA_size(rsa)
		&& RSA_verify(NID_sha256, digest, DIGEST_BYTES, signature.bytes, (unsigned)signature.length, rsa) == 1;

	ERR_clear_error();
	return good;
}

void openssl_rsa_free(struct rsa_st *rsa)
{
	RSA_free(rsa);
}
