#include "lib/crypto/sealed_hash.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/argon2.h"
#include "lib/crypto/seal.h"

/* Text, nonce and tag of a hash with the default settings: opening it takes as long as opening a real one. */
enum { SEALED_TEXT = 3 + 167 };

/* Client secrets have a key of their own: the token endpoint has no business with passwords. */
static const char *key_file(const char *purpose)
{
	return text_starts_with(purpose, "clients.") ? "keys/clients.key" : "keys/credentials.key";
}

static bool load_key(struct arena *arena, const struct config *config, const char *purpose, unsigned char *key, const char **error)
{
	return seal_key_load(arena, config_file(arena, config, key_file(purpose)), key, error);
}

static struct argon2_settings settings_of(const struct config *config)
{
	return (struct argon2_settings){
		.memory_kib = (uint32_t)config->argon2_memory_kib,
		.iterations = (uint32_t)config->argon2_iterations,
	};
}

/* Takes a slot into *slot. MATCHES, BUSY or BROKEN. */
static enum sealed_hash_result take_slot(struct arena *arena, const struct config *config, int *slot, const char **error)
{
	const char *path = config_file(arena, config, "database/argon2.lock");

	*slot = argon2_slot_acquire(path, (int)config->argon2_slots, (int)config->argon2_wait_ms);
	if (*slot >= 0)
		return SEALED_HASH_MATCHES;
	if (*slot == -1) {
		*error = "too many passwords are being checked at this moment (argon2_slots)";
		return SEALED_HASH_BUSY;
	}
	*error = arena_format(arena, "%s: cannot be opened or locked", path);
	return SEALED_HASH_BROKEN;
}

enum sealed_hash_result sealed_hash_make(struct arena *arena, const struct config *config, const char *purpose,
	const char *secret, char **sealed, const char **error)
{
	struct argon2_settings settings = settings_of(config);
	unsigned char key[SEAL_KEY_BYTES];
	enum sealed_hash_result result;
	char *hash;
	int slot;

	*sealed = NULL;
	result = take_slot(arena, config, &slot, error);
	if (result != SEALED_HASH_MATCHES)
		return result;
	hash = argon2id_hash(arena, &settings, secret);
	argon2_slot_release(slot);
	if (hash == NULL) {
		*error = "no memory for Argon2id, or settings that it does not take";
		return SEALED_HASH_BROKEN;
	}
	if (!load_key(arena, config, purpose, key, error))
		return SEALED_HASH_BROKEN;
	*sealed = seal(arena, key, purpose, hash);
	explicit_bzero(key, sizeof key);
	if (*sealed != NULL)
		return SEALED_HASH_MATCHES;
	*error = "the hash could not be sealed";
	return SEALED_HASH_BROKEN;
}

/* Opens what is stored, or something that cannot open in as much time; *hash stays NULL then. */
static bool open_hash(struct arena *arena, const struct config *config, const char *purpose, const char *sealed,
	char **hash, const char **error)
{
	unsigned char key[SEAL_KEY_BYTES];

	if (!load_key(arena, config, purpose, key, error))
		return false;
	if (sealed == NULL) {
		char *nothing = arena_alloc(arena, SEALED_TEXT + 1);

		memset(nothing, 'A', SEALED_TEXT);
		memcpy(nothing, "v1.", 3);
		(void)unseal(arena, key, purpose, nothing);
		explicit_bzero(key, sizeof key);
		return true;
	}
	*hash = unseal(arena, key, purpose, sealed);
	explicit_bzero(key, sizeof key);
	if (*hash == NULL)
		*error = arena_format(arena, "%s: does not open with %s: another key, or a changed row", purpose, key_file(purpose));
	return *hash != NULL;
}

enum sealed_hash_result sealed_hash_check(struct arena *arena, const struct config *config, const char *purpose,
	const char *sealed, const char *secret, bool *outdated, const char **error)
{
	struct argon2_settings settings = settings_of(config);
	enum argon2_result match = ARGON2_DIFFERS;
	enum sealed_hash_result result;
	char *hash = NULL;
	int slot;

	if (outdated != NULL)
		*outdated = false;
	if (!open_hash(arena, config, purpose, sealed, &hash, error))
		return SEALED_HASH_BROKEN;
	result = take_slot(arena, config, &slot, error);
	if (result != SEALED_HASH_MATCHES)
		return result;
	if (hash != NULL)
		match = argon2id_check(hash, secret);
	else
		argon2id_waste(&settings, secret);
	argon2_slot_release(slot);

	if (match == ARGON2_NO_MEMORY) {
		*error = "no memory for Argon2id";
		return SEALED_HASH_BROKEN;
	}
	if (match != ARGON2_MATCHES)
		return SEALED_HASH_DIFFERS;
	if (outdated != NULL)
		*outdated = argon2id_is_outdated(hash, &settings);
	return SEALED_HASH_MATCHES;
}
