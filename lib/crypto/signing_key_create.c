/* The making of keys, apart from their use: no endpoint writes keys (invariant 11), so none links this. */
#include <stdint.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/key_file.h"
#include "lib/crypto/openssl_ec.h"
#include "lib/crypto/openssl_ed25519.h"
#include "lib/crypto/openssl_rsa.h"
#include "lib/crypto/signing_algorithm.h"
#include "lib/crypto/signing_key.h"

enum { RSA_BITS = 2048 };

static void *generate_rsa(void)
{
	return openssl_rsa_generate(RSA_BITS);
}

static void *generate_ec(void)
{
	return openssl_ec_generate();
}

static void *generate_ed25519(void)
{
	return openssl_ed25519_generate();
}

static const struct {
	const struct signing_algorithm *algorithm;
	void *(*generate)(void);
} generators[] = {
	{&signing_rs256, generate_rsa},
	{&signing_ps256, generate_rsa},
	{&signing_es256, generate_ec},
	{&signing_eddsa, generate_ed25519},
};

struct signing_key *signing_key_generate(struct arena *arena, const char *alg)
{
	for (size_t i = 0; i < sizeof generators / sizeof *generators; i++) {
		void *native;

		if (!text_equal(alg, generators[i].algorithm->name))
			continue;
		native = generators[i].generate();
		return native == NULL ? NULL : signing_key_wrap(arena, generators[i].algorithm, native);
	}
	return NULL;
}

static unsigned char *append(unsigned char *end, const void *bytes, size_t length)
{
	memcpy(end, bytes, length);
	return end + length;
}

bool signing_key_save(struct arena *arena, const struct signing_key *key, const char *folder, const char **error)
{
	const struct signing_algorithm *algorithm = key->algorithm;
	struct octets parts[SIGNING_PARTS_MOST];
	unsigned char *bytes;
	unsigned char *end;
	size_t size = sizeof SIGNING_KEY_MAGIC + strlen(algorithm->name) + SHA256_BYTES;
	bool good;

	algorithm->parts(arena, key->native, parts, algorithm->part_count);
	for (size_t i = 0; i < algorithm->part_count; i++)
		size += 2 + parts[i].length;
	bytes = end = arena_alloc(arena, size);
	end = append(end, SIGNING_KEY_MAGIC, sizeof SIGNING_KEY_MAGIC - 1);
	end = append(end, algorithm->name, strlen(algorithm->name));
	*end++ = '\n';
	for (size_t i = 0; i < algorithm->part_count; i++) {
		*end++ = (unsigned char)(parts[i].length >> 8);
		*end++ = (unsigned char)parts[i].length;
		end = append(end, parts[i].bytes, parts[i].length);
	}
	sha256(bytes, (size_t)(end - bytes), end);

	good = key_file_write(arena, arena_format(arena, "%s/%s.key", folder, key->kid), &(struct octets){bytes, size}, 1,
		KEY_FILE_REPLACE, error);
	explicit_bzero(bytes, size);
	for (size_t i = algorithm->public_count; i < algorithm->part_count; i++)
		explicit_bzero((unsigned char *)(uintptr_t)parts[i].bytes, parts[i].length);
	return good;
}
