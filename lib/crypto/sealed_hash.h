/*
 * How passwords and client secrets are stored: Argon2id with the configuration's settings, in a slot, and the
 * result sealed under keys/credentials.key, or, where the purpose begins with "clients.", under keys/clients.key.
 * `purpose` names the row, such as "users.password:SUB".
 */
#ifndef LATCHKEY_CRYPTO_SEALED_HASH_H
#define LATCHKEY_CRYPTO_SEALED_HASH_H

#include "lib/base/arena.h"
#include "lib/base/config.h"

enum sealed_hash_result {
	SEALED_HASH_MATCHES,
	SEALED_HASH_DIFFERS,
	SEALED_HASH_BUSY,   /* no slot came free in time: answer 503 with Retry-After */
	SEALED_HASH_BROKEN, /* key file or memory: *error says what */
};

/* Makes the text to store in *sealed. MATCHES on success, else BUSY or BROKEN with *error. */
enum sealed_hash_result sealed_hash_make(struct arena *arena, const struct config *config, const char *purpose,
	const char *secret, char **sealed, const char **error);

/*
 * Checks a secret. `sealed` NULL (nobody of that name, or no password) does the same work and differs. *outdated
 * (may be NULL) tells whether a match should be stored anew because the settings changed.
 */
enum sealed_hash_result sealed_hash_check(struct arena *arena, const struct config *config, const char *purpose,
	const char *sealed, const char *secret, bool *outdated, const char **error);

#endif
