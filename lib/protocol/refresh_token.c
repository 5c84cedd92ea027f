#include "lib/protocol/refresh_token.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/crypto/seal.h"
#include "lib/protocol/errors.h"

enum { TAG_BYTES = 16, GRANT_ID_LONGEST = 32 };

/* The first 128 bits of the HMAC over FAMILY.GENERATION.RANDOM. */
static char *tag(struct context *c, const char *body)
{
	unsigned char key[SEAL_KEY_BYTES], mac[SHA256_BYTES];
	const char *error;
	if (!seal_key_load(c->arena, config_file(c->arena, c->config, "keys/refresh.key"), key, &error))
		fail(c, "%s", error);
	hmac_sha256(key, sizeof key, body, strlen(body), mac);
	explicit_bzero(key, sizeof key);
	return base64url_encode(c->arena, mac, TAG_BYTES);
}

struct refresh_token refresh_token_make(struct context *c, const char *grant_id, int64_t generation,
	const unsigned char *random)
{
	struct refresh_token token = { .grant_id = grant_id, .generation = generation };
	if (random)
		memcpy(token.random, random, sizeof token.random);
	else
		random_bytes(token.random, sizeof token.random);
	const char *body = arena_format(c->arena, "%s.%lld.%s", grant_id, (long long)generation,
		base64url_encode(c->arena, token.random, sizeof token.random));
	token.text = arena_format(c->arena, "%s.%s", body, tag(c, body));
	return token;
}

bool refresh_token_read(struct context *c, const char *text, struct refresh_token *token)
{
	const char *generation = strchr(text, '.');
	const char *random = generation ? strchr(generation + 1, '.') : NULL;
	const char *mac = random ? strchr(random + 1, '.') : NULL;
	size_t length;
	if (!mac || mac - text > REFRESH_TOKEN_LONGEST || generation - text > GRANT_ID_LONGEST)
		return false;
	const char *body = arena_copy(c->arena, text, (size_t)(mac - text));
	if (!text_equal_in_constant_time(mac + 1, tag(c, body)))
		return false;

	const unsigned char *bytes = base64url_decode(c->arena, random + 1, (size_t)(mac - random - 1), &length);
	const char *number = arena_copy(c->arena, generation + 1, (size_t)(random - generation - 1));
	if (!bytes || length != REFRESH_RANDOM_BYTES || !text_to_number(number, &token->generation))
		return false;
	memcpy(token->random, bytes, length);
	token->grant_id = arena_copy(c->arena, text, (size_t)(generation - text));
	token->text = text;
	return true;
}

void refresh_token_seal(const char *predecessor, const unsigned char in[REFRESH_RANDOM_BYTES],
	unsigned char out[REFRESH_RANDOM_BYTES])
{
	static const char label[] = "successor";
	unsigned char pad[SHA256_BYTES];
	hmac_sha256(predecessor, strlen(predecessor), label, sizeof label - 1, pad);
	for (size_t i = 0; i < REFRESH_RANDOM_BYTES; i++)
		out[i] = in[i] ^ pad[i];
	explicit_bzero(pad, sizeof pad);
}
