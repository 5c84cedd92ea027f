/* RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 3.3), the one that every client must know (OpenID Connect Core 15.1). */
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

static struct octets sign(struct arena *arena, void *native, struct octets input)
{
	unsigned char digest[SHA256_BYTES];

	sha256(input.bytes, input.length, digest);
	return openssl_rsa_sign(arena, native, digest);
}

/* Moves *cursor behind `lead` and the base64url after it; false if it is not there. */
static bool take_integer(struct arena *arena, const char **cursor, const char *lead, struct octets *part)
{
	size_t length = strlen(lead);
	const char *text;

	if (strncmp(*cursor, lead, length) != 0)
		return false;
	text = *cursor + length;
	length = strcspn(text, "\"");
	part->bytes = base64url_decode(arena, text, length, &part->length);
	*cursor = text + length;
	return part->bytes != NULL;
}

static bool verify(struct arena *arena, const char *members, struct octets input, struct octets signature)
{
	unsigned char digest[SHA256_BYTES];
	struct octets modulus;
	struct octets exponent;

	if (!take_integer(arena, &members, "\"n\":\"", &modulus) || !take_integer(arena, &members, "\",\"e\":\"", &exponent)
		|| strcmp(members, "\"") != 0)
		return false;
	sha256(input.bytes, input.length, digest);
	return openssl_rsa_verify(modulus, exponent, digest, signature);
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
	.sign = sign,
	.verify = verify,
};
