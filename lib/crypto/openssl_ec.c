/*
 * The deprecated ECDSA_sign_setup() and its kin, on purpose: in a fresh process a signature by d2i and EVP costs
 * 2.0 ms, by ECDSA_do_sign() 0.35 and by these calls from raw integers 0.22. ECDSA_do_sign() pays for its nonce, which
 * it hashes by EVP out of key, message and randomness, lest randomness that comes twice gives the key away. Here the
 * nonce is randomness from the kernel, and key and message go into it too, in 1 us: see nonce_mask().
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "lib/crypto/openssl_ec.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "lib/crypto/openssl_digest.h"
#include "lib/crypto/openssl_start.h"

enum { DIGEST_BYTES = 32, ATTEMPTS = 4 };

struct ec_key_st *openssl_ec_generate(void)
{
	EC_KEY *key;

	openssl_start();
	key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
	if (key != NULL && EC_KEY_generate_key(key) == 1)
		return key;
	ERR_clear_error();
	EC_KEY_free(key);
	return NULL;
}

static BIGNUM *integer(struct octets part)
{
	return BN_bin2bn(part.bytes, (int)part.length, NULL);
}

/* Refuses a point that is not on the curve. The cofactor is 1: each point on it but infinity, which has no x, is a key. */
static bool set_point(EC_KEY *key, struct octets x, struct octets y)
{
	const EC_GROUP *group = EC_KEY_get0_group(key);
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *numbers[2] = {integer(x), integer(y)};
	bool good = point != NULL && numbers[0] != NULL && numbers[1] != NULL
		&& EC_POINT_set_affine_coordinates(group, point, numbers[0], numbers[1], NULL) == 1
		&& EC_KEY_set_public_key(key, point) == 1;

	BN_free(numbers[0]);
	BN_free(numbers[1]);
	EC_POINT_free(point);
	return good;
}

struct ec_key_st *openssl_ec_load_public(struct octets x, struct octets y)
{
	EC_KEY *key;

	if (x.length != EC_PART_BYTES || y.length != EC_PART_BYTES)
		return NULL;
	openssl_start();
	key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
	if (key != NULL && set_point(key, x, y))
		return key;
	ERR_clear_error();
	EC_KEY_free(key);
	return NULL;
}

struct ec_key_st *openssl_ec_load(const struct octets *parts)
{
	EC_KEY *key;
	BIGNUM *secret;
	bool good;

	if (parts[EC_PRIVATE].length != EC_PART_BYTES)
		return NULL;
	key = openssl_ec_load_public(parts[EC_X], parts[EC_Y]);
	if (key == NULL)
		return NULL;
	secret = integer(parts[EC_PRIVATE]);
	good = secret != NULL && !BN_is_zero(secret) && BN_cmp(secret, EC_GROUP_get0_order(EC_KEY_get0_group(key))) < 0
		&& EC_KEY_set_private_key(key, secret) == 1;
	BN_clear_free(secret);
	if (good)
		return key;
	ERR_clear_error();
	EC_KEY_free(key);
	return NULL;
}

struct octets openssl_ec_part(struct arena *arena, const struct ec_key_st *key, enum ec_part part)
{
	unsigned char *bytes = arena_alloc(arena, EC_PART_BYTES);
	BIGNUM *numbers[2] = {BN_new(), BN_new()};
	bool good = numbers[0] != NULL && numbers[1] != NULL;

	if (part == EC_PRIVATE)
		good = good && BN_bn2binpad(EC_KEY_get0_private_key(key), bytes, EC_PART_BYTES) == EC_PART_BYTES;
	else
		good = good && EC_POINT_get_affine_coordinates(EC_KEY_get0_group(key), EC_KEY_get0_public_key(key), numbers[0],
			numbers[1], NULL) == 1 && BN_bn2binpad(numbers[part], bytes, EC_PART_BYTES) == EC_PART_BYTES;
	BN_free(numbers[0]);
	BN_free(numbers[1]);
	return good ? (struct octets){bytes, EC_PART_BYTES} : (struct octets){0};
}

/*
 * What is XORed into the randomness that the nonce is made of: it stays as uniform as the kernel's bytes are (FIPS 186-5
 * A.3.2), and where the kernel gives the same bytes twice (two machines resumed from one snapshot), another message
 * still has another nonce, which only the key's owner could tell.
 */
static bool nonce_mask(const EC_KEY *key, const unsigned char *digest, unsigned char *mask)
{
	unsigned char secret[EC_PART_BYTES];
	bool good = BN_bn2binpad(EC_KEY_get0_private_key(key), secret, sizeof secret) == (int)sizeof secret;

	openssl_sha256((struct octets[]){{secret, sizeof secret}, {digest, DIGEST_BYTES}}, 2, mask);
	OPENSSL_cleanse(secret, sizeof secret);
	return good;
}

/* One attempt; false also where r or s came out as zero, which happens once in 2^256. */
static bool sign(EC_KEY *key, const unsigned char *digest, unsigned char *out)
{
	BIGNUM *inverse = NULL;
	BIGNUM *r = NULL;
	ECDSA_SIG *signature = NULL;
	bool good;

	if (ECDSA_sign_setup(key, NULL, &inverse, &r) == 1)
		signature = ECDSA_do_sign_ex(digest, DIGEST_BYTES, inverse, r, key);
	good = signature != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, EC_PART_BYTES) == EC_PART_BYTES
		&& BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + EC_PART_BYTES, EC_PART_BYTES) == EC_PART_BYTES;
	BN_clear_free(inverse); /* together with the signature it tells the key */
	BN_free(r);
	ECDSA_SIG_free(signature);
	return good;
}

struct octets openssl_ec_sign(struct arena *arena, struct ec_key_st *key, const unsigned char *digest)
{
	unsigned char *bytes = arena_alloc(arena, EC_SIGNATURE_BYTES);
	unsigned char mask[DIGEST_BYTES];
	bool good = false;

	if (nonce_mask(key, digest, mask)) {
		openssl_mask_randomness(mask);
		for (int i = 0; i < ATTEMPTS && !good; i++)
			good = sign(key, digest, bytes);
		openssl_mask_randomness(NULL);
	}
	OPENSSL_cleanse(mask, sizeof mask);
	ERR_clear_error();
	return good ? (struct octets){bytes, EC_SIGNATURE_BYTES} : (struct octets){0};
}

bool openssl_ec_verify(struct ec_key_st *key, const unsigned char *digest, struct octets signature)
{
	ECDSA_SIG *native;
	BIGNUM *r;
	BIGNUM *s;
	bool good;

	if (signature.length != EC_SIGNATURE_BYTES)
		return false;
	native = ECDSA_SIG_new();
	r = integer((struct octets){signature.bytes, EC_PART_BYTES});
	s = integer((struct octets){signature.bytes + EC_PART_BYTES, EC_PART_BYTES});
	if (native == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(native, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		ECDSA_SIG_free(native);
		return false;
	}
	good = ECDSA_do_verify(digest, DIGEST_BYTES, native, key) == 1;
	ECDSA_SIG_free(native);
	ERR_clear_error();
	return good;
}

void openssl_ec_free(struct ec_key_st *key)
{
	EC_KEY_free(key);
}
