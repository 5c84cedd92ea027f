/* ES256: ECDSA on P-256 with SHA-256 (RFC 7518 3.4): small tokens, and the cheapest signature in a fresh process. */
#include <string.h>

#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/openssl_ec.h"
#include "lib/crypto/signing_algorithm.h"

static void *load(const struct octets *parts)
{
	return openssl_ec_load(parts);
}

static void get_parts(struct arena *arena, const void *native, struct octets *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		parts[i] = openssl_ec_part(arena, native, (enum ec_part)i);
}

static void free_native(void *native)
{
	openssl_ec_free(native);
}

static char *encoded(struct arena *arena, struct octets part)
{
	return base64url_encode(arena, part.bytes, part.length);
}

static char *thumbprint_text(struct arena *arena, const struct octets *parts)
{
	return arena_format(arena, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", encoded(arena, parts[EC_X]),
		encoded(arena, parts[EC_Y]));
}

static char *jwk_members(struct arena *arena, const struct octets *parts)
{
	return arena_format(arena, "\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"", encoded(arena, parts[EC_X]), encoded(arena, parts[EC_Y]));
}

static struct octets sign(struct arena *arena, void *native, struct octets input)
{
	unsigned char digest[SHA256_BYTES];

	sha256(input.bytes, input.length, digest);
	return openssl_ec_sign(arena, native, digest);
}

const struct signing_algorithm signing_es256 = {
	.name = "ES256",
	.kty = "EC",
	.part_count = EC_PART_COUNT,
	.public_count = 2,
	.load = load,
	.parts = get_parts,
	.free = free_native,
	.thumbprint_text = thumbprint_text,
	.jwk_members = jwk_members,
	.sign = sign,
};

static void *load_public(struct arena *arena, const char *members)
{
	struct octets x;
	struct octets y;

	if (!jwk_take_octets(arena, &members, "\"crv\":\"P-256\",\"x\":\"", &x) || !jwk_take_octets(arena, &members, "\",\"y\":\"", &y)
		|| strcmp(members, "\"") != 0)
		return NULL;
	return openssl_ec_load_public(x, y);
}

static bool verify(void *native, struct octets input, struct octets signature)
{
	unsigned char digest[SHA256_BYTES];

	sha256(input.bytes, input.length, digest);
	return openssl_ec_verify(native, digest, signature);
}

const struct verifying_algorithm verifying_es256 = {"ES256", "EC", load_public, verify, free_native};
