/*
 * RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 3.3), the one that every client must know (OpenID Connect Core 15.1),
 * and PS256: RSASSA-PSS (RFC 7518 3.5). Their keys differ in nothing but the name, which a key file bears.
 */
#include <string.h>

#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/openssl_rsa.h"
#include "lib/crypto/signing_algorithm.h"

static void *load(const struct octets *parts)
{
	return openssl_rsa_load(parts);
}

static void get_parts(struct arena *arena, const void *native, struct octets *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		parts[i] = openssl_rsa_part(arena, native, (enum rsa_part)i);
}

static void free_native(void *native)
{
	openssl_rsa_free(native);
}

static char *encoded(struct arena *arena, struct octets part)
{
	return base64url_encode(arena, part.bytes, part.length);
}

static char *thumbprint_text(struct arena *arena, const struct octets *parts)
{
	return arena_format(arena, "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}",
		encoded(arena, parts[RSA_EXPONENT]), encoded(arena, parts[RSA_MODULUS]));
}

static char *jwk_members(struct arena *arena, const struct octets *parts)
{
	return arena_format(arena, "\"n\":\"%s\",\"e\":\"%s\"", encoded(arena, parts[RSA_MODULUS]), encoded(arena, parts[RSA_EXPONENT]));
}

static struct octets sign_rs256(struct arena *arena, void *native, struct octets input)
{
	unsigned char digest[SHA256_BYTES];

	sha256(input.bytes, input.length, digest);
	return openssl_rsa_sign(arena, native, digest);
}

static struct octets sign_ps256(struct arena *arena, void *native, struct octets input)
{
	unsigned char digest[SHA256_BYTES];

	sha256(input.bytes, input.length, digest);
	return openssl_rsa_pss_sign(arena, native, digest);
}

const struct signing_algorithm signing_rs256 = {
	.name = "RS256",
	.kty = "RSA",
	.part_count = RSA_PART_COUNT,
	.public_count = 2,
	.load = load,
	.parts = get_parts,
	.free = free_native,
	.thumbprint_text = thumbprint_text,
	.jwk_members = jwk_members,
	.sign = sign_rs256,
};

const struct signing_algorithm signing_ps256 = {
	.name = "PS256",
	.kty = "RSA",
	.part_count = RSA_PART_COUNT,
	.public_count = 2,
	.load = load,
	.parts = get_parts,
	.free = free_native,
	.thumbprint_text = thumbprint_text,
	.jwk_members = jwk_members,
	.sign = sign_ps256,
};

static void *load_public(struct arena *arena, const char *members)
{
	struct octets modulus;
	struct octets exponent;

	if (!jwk_take_octets(arena, &members, "\"n\":\"", &modulus) || !jwk_take_octets(arena, &members, "\",\"e\":\"", &exponent)
		|| strcmp(members, "\"") != 0)
		return NULL;
	return openssl_rsa_load_public(modulus, exponent);
}

static bool verify_rs256(void *native, struct octets input, struct octets signature)
{
	unsigned char digest[SHA256_BYTES];

	sha256(input.bytes, input.length, digest);
	return openssl_rsa_verify(native, digest, signature);
}

static bool verify_ps256(void *native, struct octets input, struct octets signature)
{
	unsigned char digest[SHA256_BYTES];

	sha256(input.bytes, input.length, digest);
	return openssl_rsa_pss_verify(native, digest, signature);
}

const struct verifying_algorithm verifying_rs256 = {"RS256", "RSA", load_public, verify_rs256, free_native};
const struct verifying_algorithm verifying_ps256 = {"PS256", "RSA", load_public, verify_ps256, free_native};
