#include "lib/crypto/webauthn.h"

#include <string.h>

#include "lib/base/json_flat.h"
#include "lib/base/text.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/signing_algorithm.h"

enum { USER_PRESENT = 0x01, USER_VERIFIED = 0x04, BACKUP_ELIGIBLE = 0x08, BACKED_UP = 0x10 };
enum { INTEGER_BYTES = 32, SIGNATURE_LONGEST = 1024 };

const char *webauthn_check_client_data(struct arena *arena, const struct webauthn_site *site, const char *type,
	const unsigned char *bytes, size_t length)
{
	const struct json_flat *data = length > WEBAUTHN_CLIENT_DATA_LONGEST ? NULL
		: json_flat_read(arena, (const char *)bytes, length, NULL);

	if (data == NULL)
		return "WebAuthn 2 5.8.1: client data";
	if (!text_equal(json_flat_text(data, "type"), type))
		return "WebAuthn 2 7.1 (7), 7.2 (11): type";
	if (!text_equal_in_constant_time(json_flat_text(data, "challenge"), site->challenge))
		return "WebAuthn 2 7.1 (8), 7.2 (12): challenge";
	if (!text_equal(json_flat_text(data, "origin"), site->origin))
		return "WebAuthn 2 7.1 (9), 7.2 (13): origin";
	/* Inside a frame of another site, the user would not know what they sign in to. */
	if ((json_flat_has(data, "crossOrigin") && !json_flat_is_false(data, "crossOrigin")) || json_flat_has(data, "topOrigin"))
		return "WebAuthn 3 7.1, 7.2: crossOrigin";
	return NULL;
}

const char *webauthn_check_head(const struct webauthn_site *site, const unsigned char *bytes, size_t length,
	struct webauthn_authenticator *authenticator)
{
	unsigned char rp_id_hash[SHA256_BYTES];
	unsigned flags;

	if (length < WEBAUTHN_HEAD_BYTES || length > WEBAUTHN_AUTHENTICATOR_DATA_LONGEST)
		return "WebAuthn 2 6.1: authenticator data";
	sha256(site->rp_id, strlen(site->rp_id), rp_id_hash);
	flags = bytes[SHA256_BYTES];
	if (memcmp(bytes, rp_id_hash, sizeof rp_id_hash) != 0)
		return "WebAuthn 2 7.1 (13), 7.2 (15): RP ID";
	if ((flags & USER_PRESENT) == 0)
		return "WebAuthn 2 7.1 (14), 7.2 (16): user present";
	if ((flags & USER_VERIFIED) == 0)
		return "WebAuthn 2 7.1 (15), 7.2 (17): user verified";
	if ((flags & BACKED_UP) != 0 && (flags & BACKUP_ELIGIBLE) == 0)
		return "WebAuthn 3 6.1.3: backup state";
	bytes += SHA256_BYTES + 1;
	authenticator->sign_count = (int64_t)bytes[0] << 24 | (int64_t)bytes[1] << 16 | (int64_t)bytes[2] << 8 | (int64_t)bytes[3];
	authenticator->backup_eligible = (flags & BACKUP_ELIGIBLE) != 0;
	authenticator->backed_up = (flags & BACKED_UP) != 0;
	return NULL;
}

/* An assertion has no key in it, and ends where its extensions, if there are any, begin. We asked for none: they are signed, but not read. */
static bool end_fits(const unsigned char *bytes, size_t length)
{
	unsigned flags = bytes[SHA256_BYTES];

	if ((flags & WEBAUTHN_FLAG_KEY) != 0)
		return false;
	return (flags & WEBAUTHN_FLAG_EXTENSIONS) != 0 ? length > WEBAUTHN_HEAD_BYTES : length == WEBAUTHN_HEAD_BYTES;
}

/* One INTEGER of DER at *at, positive and no longer than needed (X.690 8.3, 10), right-aligned into 32 bytes. */
static bool take_integer(const unsigned char **at, const unsigned char *end, unsigned char out[static INTEGER_BYTES])
{
	const unsigned char *bytes = *at + 2;
	size_t length;

	if (end - *at < 3 || (*at)[0] != 0x02 || (*at)[1] == 0 || (*at)[1] > INTEGER_BYTES + 1 || end - bytes < (*at)[1])
		return false;
	length = (*at)[1];
	*at = bytes + length;
	if ((bytes[0] & 0x80) != 0)
		return false;
	if (bytes[0] == 0) {
		if (length > 1 && (bytes[1] & 0x80) == 0)
			return false;
		bytes++;
		length--;
	}
	if (length > INTEGER_BYTES)
		return false;
	memset(out, 0, INTEGER_BYTES);
	if (length > 0)
		memcpy(out + INTEGER_BYTES - length, bytes, length);
	return true;
}

/* ECDSA signatures come as SEQUENCE { r, s } (WebAuthn 2 6.5.6); those of JOSE are r and s alone. */
static struct octets without_der(struct arena *arena, struct octets der)
{
	const unsigned char *at = der.bytes + 2;
	const unsigned char *end = der.bytes + der.length;
	unsigned char *raw = arena_alloc(arena, 2 * INTEGER_BYTES);

	if (der.length < 8 || der.length > 2 + 2 * (2 + INTEGER_BYTES + 1) || der.bytes[0] != 0x30 || der.bytes[1] != der.length - 2
		|| !take_integer(&at, end, raw) || !take_integer(&at, end, raw + INTEGER_BYTES) || at != end)
		return (struct octets){0};
	return (struct octets){raw, 2 * INTEGER_BYTES};
}

static bool verifies(struct arena *arena, const char *public_jwk, struct octets input, struct octets signature)
{
	static const char *const names[] = {"ES256", "RS256", "EdDSA"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct verifying_algorithm *algorithm = verifying_algorithm_find(names[i]);
		const char *start = arena_format(arena, "{\"kty\":\"%s\",\"use\":\"sig\",\"alg\":\"%s\",\"kid\":\"", algorithm->kty, algorithm->name);
		size_t length = strlen(start) + KID_CHARACTERS + strlen("\",");

		if (!text_starts_with(public_jwk, start) || strlen(public_jwk) < length)
			continue;
		if (i == 0)
			signature = without_der(arena, signature);
		return signature.length > 0
			&& public_jwk_verifies(arena, algorithm, public_jwk, arena_copy(arena, public_jwk, length), input, signature);
	}
	return false;
}

static bool decode(struct arena *arena, const char *text, struct octets *octets)
{
	octets->bytes = text == NULL ? NULL : base64url_decode(arena, text, strlen(text), &octets->length);
	return octets->bytes != NULL;
}

const char *webauthn_check_assertion(struct arena *arena, const struct webauthn_site *site, const struct webauthn_assertion *assertion,
	const char *public_jwk, struct webauthn_authenticator *authenticator)
{
	struct octets client_data;
	struct octets data;
	struct octets signature;
	unsigned char *input;
	const char *problem;

	if (!decode(arena, assertion->client_data, &client_data) || !decode(arena, assertion->authenticator_data, &data)
		|| !decode(arena, assertion->signature, &signature) || signature.length > SIGNATURE_LONGEST)
		return "WebAuthn 2 7.2 (8): base64url";
	problem = webauthn_check_client_data(arena, site, "webauthn.get", client_data.bytes, client_data.length);
	if (problem == NULL)
		problem = webauthn_check_head(site, data.bytes, data.length, authenticator);
	if (problem != NULL)
		return problem;
	if (!end_fits(data.bytes, data.length))
		return "WebAuthn 2 6.1: end of authenticator data";
	input = arena_alloc(arena, data.length + SHA256_BYTES);
	memcpy(input, data.bytes, data.length);
	sha256(client_data.bytes, client_data.length, input + data.length);
	return verifies(arena, public_jwk, (struct octets){input, data.length + SHA256_BYTES}, signature) ? NULL
		: "WebAuthn 2 7.2 (20): signature";
}
