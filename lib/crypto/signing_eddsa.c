/* EdDSA, which here is Ed25519 alone (RFC 8037 3.1). */
#include <string.h>

#include "lib/crypto/base64.h"
#include "lib/crypto/openssl_ed25519.h"
#include "lib/crypto/signing_algorithm.h"

static void *load(const struct octets *parts)
{
	return openssl_ed25519_load(parts);
}

static void get_parts(struct arena *arena, const void *native, struct octets *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		parts[i] = openssl_ed25519_part(arena, native, (enum ed25519_part)i);
}

static void free_native(void *native)
{
	openssl_ed25519_free(native);
}

static char *thumbprint_text(struct arena *arena, const struct octets *parts)
{
	return arena_format(arena, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}",
		base64url_encode(arena, parts[ED25519_PUBLIC].bytes, parts[ED25519_PUBLIC].length));
}

static char *jwk_members(struct arena *arena, const struct octets *parts)
{
	return arena_format(arena, "\"crv\":\"Ed25519\",\"x\":\"%s\"",
		base64url_encode(arena, parts[ED25519_PUBLIC].bytes, parts[ED25519_PUBLIC].length));
}

static struct octets sign(struct arena *arena, void *native, struct octets input)
{
	return openssl_ed25519_sign(arena, native, input);
}

const struct signing_algorithm signing_eddsa = {
	.name = "EdDSA",
	.kty = "OKP",
	.part_count = ED25519_PART_COUNT,
	.public_count = 1,
	.load = load,
	.parts = get_parts,
	.free = free_native,
	.thumbprint_text = thumbprint_text,
	.jwk_members = jwk_members,
	.sign = sign,
};

static void *load_public(struct arena *arena, const char *members)
{
	struct octets public;

	if (!jwk_take_octets(arena, &members, "\"crv\":\"Ed25519\",\"x\":\"", &public) || strcmp(members, "\"") != 0)
		return NULL;
	return openssl_ed25519_load_public(public);
}

static bool verify(void *native, struct octets input, struct octets signature)
{
	return openssl_ed25519_verify(native, input, signature);
}

const struct verifying_algorithm verifying_eddsa = {"EdDSA", "OKP", load_public, verify, free_native};
