#include "lib/crypto/jws.h"

#include <string.h>

#include "lib/base/json_flat.h"
#include "lib/base/text.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/signing_algorithm.h"

static struct octets octets_of(const char *text)
{
	return (struct octets){(const unsigned char *)text, strlen(text)};
}

char *jws_sign(struct arena *arena, const struct signing_key *key, const char *typ, const char *payload)
{
	const char *header = arena_format(arena, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"%s\"}", key->algorithm->name, key->kid, typ);
	const char *input = arena_format(arena, "%s.%s", base64url_encode(arena, header, strlen(header)),
		base64url_encode(arena, payload, strlen(payload)));
	struct octets signature = key->algorithm->sign(arena, key->native, octets_of(input));

	if (signature.length == 0)
		return NULL;
	return arena_format(arena, "%s.%s", input, base64url_encode(arena, signature.bytes, signature.length));
}

/* Moves *cursor behind `lead` and the text of letters, digits and "+.-_" after it; NULL if it is not there. */
static const char *take_member(struct arena *arena, const char **cursor, const char *lead)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-_";
	size_t length = strlen(lead);
	const char *text;

	if (strncmp(*cursor, lead, length) != 0)
		return NULL;
	text = *cursor + length;
	length = strspn(text, allowed);
	*cursor = text + length;
	return length == 0 ? NULL : arena_copy(arena, text, length);
}

static bool read_own_header(struct arena *arena, const char *header, struct jws *jws)
{
	jws->alg = take_member(arena, &header, "{\"alg\":\"");
	jws->kid = jws->alg == NULL ? NULL : take_member(arena, &header, "\",\"kid\":\"");
	jws->typ = jws->kid == NULL ? NULL : take_member(arena, &header, "\",\"typ\":\"");
	return jws->typ != NULL && strcmp(header, "\"}") == 0 && kid_is_valid(jws->kid) && strchr(jws->alg, '_') == NULL
		&& strchr(jws->typ, '_') == NULL;
}

/* A decoded part that is text: without NUL, behind which anything could hide. */
static const char *decode_text(struct arena *arena, const char *from, size_t length)
{
	size_t size;
	const unsigned char *bytes = base64url_decode(arena, from, length, &size);

	return bytes == NULL || memchr(bytes, '\0', size) != NULL ? NULL : (const char *)bytes;
}

bool jws_read_own(struct arena *arena, const char *token, struct jws *jws)
{
	const char *payload = strchr(token, '.');
	const char *signature = payload == NULL ? NULL : strchr(payload + 1, '.');
	const char *header;

	*jws = (struct jws){0};
	if (signature == NULL)
		return false;
	header = decode_text(arena, token, (size_t)(payload - token));
	if (header == NULL || !read_own_header(arena, header, jws)) {
		*jws = (struct jws){0};
		return false;
	}
	jws->payload = decode_text(arena, payload + 1, (size_t)(signature - payload - 1));
	jws->signing_input = arena_copy(arena, token, (size_t)(signature - token));
	jws->signature = base64url_decode(arena, signature + 1, strlen(signature + 1), &jws->signature_length);
	if (jws->payload != NULL && jws->signature != NULL && jws->signature_length > 0)
		return true;
	*jws = (struct jws){0};
	return false;
}

const char *jws_own_text(struct arena *arena, const char *payload, const char *name)
{
	const struct json_flat *object = json_flat_read(arena, payload, strlen(payload), NULL);

	return object == NULL ? NULL : json_flat_text(object, name);
}

char *jws_half_hash(struct arena *arena, const char *alg, const char *text)
{
	static const struct {
		const char *alg;
		size_t bits;
	} table[] = {
		{"RS256", 256}, {"PS256", 256}, {"ES256", 256}, {"RS384", 384}, {"PS384", 384}, {"ES384", 384},
		{"RS512", 512}, {"PS512", 512}, {"ES512", 512}, {"EdDSA", 512}, {"Ed25519", 512},
	};
	unsigned char digest[SHA512_BYTES];
	size_t length = strlen(text);

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (!text_equal(alg, table[i].alg))
			continue;
		if (table[i].bits == 256)
			sha256(text, length, digest);
		else if (table[i].bits == 384)
			sha384(text, length, digest);
		else
			sha512(text, length, digest);
		return base64url_encode(arena, digest, table[i].bits / 16);
	}
	return NULL;
}
