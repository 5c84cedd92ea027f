#include "lib/crypto/signing_key.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/key_file.h"
#include "lib/crypto/signing_algorithm.h"

/* Magic, algorithm, integers with two bytes of length each, digest. */
enum { LONGEST_FILE = 64 + SIGNING_PARTS_MOST * (SIGNING_PART_LONGEST + 2) + SHA256_BYTES };

static const struct signing_algorithm *const algorithms[] = {&signing_rs256, &signing_ps256, &signing_es256, &signing_eddsa};

const struct signing_algorithm *signing_algorithm_find(const char *name)
{
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
		if (text_equal(name, algorithms[i]->name))
			return algorithms[i];
	return NULL;
}

bool kid_is_valid(const char *kid)
{
	return kid != NULL && strnlen(kid, KID_CHARACTERS + 1) == KID_CHARACTERS
		&& strspn(kid, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == KID_CHARACTERS;
}

struct signing_key *signing_key_wrap(struct arena *arena, const struct signing_algorithm *algorithm, void *native)
{
	struct signing_key *key = arena_alloc(arena, sizeof *key);
	struct octets public[SIGNING_PARTS_MOST];
	unsigned char digest[SHA256_BYTES];
	const char *text;

	algorithm->parts(arena, native, public, algorithm->public_count);
	text = algorithm->thumbprint_text(arena, public);
	sha256(text, strlen(text), digest);
	key->algorithm = algorithm;
	key->native = native;
	memcpy(key->kid, base64url_encode(arena, digest, sizeof digest), KID_CHARACTERS);
	return key;
}

/* Whether the file is whole: a bit that was lost would else make signatures that nobody can verify. */
static bool digest_fits(const unsigned char *bytes, size_t length)
{
	unsigned char digest[SHA256_BYTES];

	if (length < sizeof digest)
		return false;
	sha256(bytes, length - sizeof digest, digest);
	return equal_in_constant_time(digest, bytes + length - sizeof digest, sizeof digest);
}

/* Takes apart what signing_key_save() wrote; false if it is anything else or for another algorithm. */
static bool read_parts(const unsigned char *bytes, size_t length, const struct signing_algorithm *algorithm, struct octets *parts)
{
	const size_t magic = sizeof SIGNING_KEY_MAGIC - 1;
	const size_t name = strlen(algorithm->name) + 1;
	const unsigned char *end;

	if (!digest_fits(bytes, length))
		return false;
	end = bytes + length - SHA256_BYTES;
	if ((size_t)(end - bytes) < magic + name || memcmp(bytes, SIGNING_KEY_MAGIC, magic) != 0
		|| memcmp(bytes + magic, algorithm->name, name - 1) != 0 || bytes[magic + name - 1] != '\n')
		return false;
	bytes += magic + name;
	for (size_t i = 0; i < algorithm->part_count; i++) {
		size_t size;

		if (end - bytes < 2)
			return false;
		size = (size_t)bytes[0] << 8 | bytes[1];
		bytes += 2;
		if (size == 0 || size > SIGNING_PART_LONGEST || size > (size_t)(end - bytes))
			return false;
		parts[i] = (struct octets){bytes, size};
		bytes += size;
	}
	return bytes == end;
}

struct signing_key *signing_key_load(struct arena *arena, const char *folder, const char *kid, const char *alg, const char **error)
{
	const struct signing_algorithm *algorithm = signing_algorithm_find(alg);
	struct octets parts[SIGNING_PARTS_MOST];
	struct signing_key *key;
	unsigned char *bytes;
	void *native = NULL;
	const char *path;
	size_t length;

	if (algorithm == NULL || !kid_is_valid(kid)) {
		*error = algorithm == NULL ? "unknown signing algorithm" : "not a key id";
		return NULL;
	}
	path = arena_format(arena, "%s/%s.key", folder, kid);
	bytes = key_file_read(arena, path, LONGEST_FILE, &length, error);
	if (bytes == NULL)
		return NULL;
	if (read_parts(bytes, length, algorithm, parts))
		native = algorithm->load(parts);
	explicit_bzero(bytes, length);
	if (native == NULL) {
		*error = arena_format(arena, "%s: damaged, or not a key for %s", path, alg);
		return NULL;
	}
	key = signing_key_wrap(arena, algorithm, native);
	if (text_equal(key->kid, kid))
		return key;
	signing_key_free(key);
	*error = arena_format(arena, "%s: holds another key", path);
	return NULL;
}

void signing_key_free(struct signing_key *key)
{
	if (key == NULL || key->native == NULL)
		return;
	key->algorithm->free(key->native);
	key->native = NULL;
}

const char *signing_key_kid(const struct signing_key *key)
{
	return key->kid;
}

const char *signing_key_alg(const struct signing_key *key)
{
	return key->algorithm->name;
}

char *signing_key_public_jwk(struct arena *arena, const struct signing_key *key)
{
	const struct signing_algorithm *algorithm = key->algorithm;
	struct octets public[SIGNING_PARTS_MOST];

	algorithm->parts(arena, key->native, public, algorithm->public_count);
	return arena_format(arena, "{\"kty\":\"%s\",\"use\":\"sig\",\"alg\":\"%s\",\"kid\":\"%s\",%s}", algorithm->kty,
		algorithm->name, key->kid, algorithm->jwk_members(arena, public));
}
