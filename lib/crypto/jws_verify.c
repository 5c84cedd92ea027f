#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/jws.h"
#include "lib/crypto/signing_algorithm.h"

static const struct verifying_algorithm *const algorithms[] = {&verifying_rs256, &verifying_ps256, &verifying_es256, &verifying_eddsa};

const struct verifying_algorithm *verifying_algorithm_find(const char *name)
{
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
		if (text_equal(name, algorithms[i]->name))
			return algorithms[i];
	return NULL;
}

bool jwk_take_octets(struct arena *arena, const char **cursor, const char *lead, struct octets *octets)
{
	size_t length = strlen(lead);
	const char *text;

	if (strncmp(*cursor, lead, length) != 0)
		return false;
	text = *cursor + length;
	length = strcspn(text, "\"");
	octets->bytes = base64url_decode(arena, text, length, &octets->length);
	*cursor = text + length;
	return octets->bytes != NULL;
}

static void *load(struct arena *arena, const struct verifying_algorithm *algorithm, const char *public_jwk, const char *start)
{
	size_t length = strlen(public_jwk);

	if (!text_starts_with(public_jwk, start) || public_jwk[length - 1] != '}')
		return NULL;
	return algorithm->load(arena, arena_copy(arena, public_jwk + strlen(start), length - strlen(start) - 1));
}

bool public_jwk_fits(struct arena *arena, const struct verifying_algorithm *algorithm, const char *public_jwk, const char *start)
{
	void *native = load(arena, algorithm, public_jwk, start);

	if (native == NULL)
		return false;
	algorithm->free(native);
	return true;
}

bool public_jwk_verifies(struct arena *arena, const struct verifying_algorithm *algorithm, const char *public_jwk,
	const char *start, struct octets input, struct octets signature)
{
	void *native = load(arena, algorithm, public_jwk, start);
	bool good;

	if (native == NULL)
		return false;
	good = algorithm->verify(native, input, signature);
	algorithm->free(native);
	return good;
}

bool jws_verify(struct arena *arena, const struct jws *jws, const char *public_jwk)
{
	const struct verifying_algorithm *algorithm = verifying_algorithm_find(jws->alg);
	const char *start;

	if (algorithm == NULL || !kid_is_valid(jws->kid) || jws->signing_input == NULL || jws->signature == NULL || public_jwk == NULL)
		return false;
	/* The key, not the token, says which algorithm it is for (RFC 8725 3.1): both must name the same. */
	start = arena_format(arena, "{\"kty\":\"%s\",\"use\":\"sig\",\"alg\":\"%s\",\"kid\":\"%s\",", algorithm->kty, algorithm->name,
		jws->kid);
	return public_jwk_verifies(arena, algorithm, public_jwk, start,
		(struct octets){(const unsigned char *)jws->signing_input, strlen(jws->signing_input)},
		(struct octets){jws->signature, jws->signature_length});
}
