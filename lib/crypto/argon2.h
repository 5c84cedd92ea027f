/*
 * Argon2id (RFC 9106) for passwords and client secrets, never more at a time than there are slots: 64 sign-ins
 * at once must not take 64 times the memory.
 */
#ifndef LATCHKEY_CRYPTO_ARGON2_H
#define LATCHKEY_CRYPTO_ARGON2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"

struct argon2_settings {
	uint32_t memory_kib;
	uint32_t iterations;
};

/* $argon2id$v=19$m=…,t=…,p=1$salt$hash with a fresh salt of 16 bytes, hash of 32. NULL if there is no memory. */
char *argon2id_hash(struct arena *arena, const struct argon2_settings *settings, const char *secret);

enum argon2_result { ARGON2_MATCHES, ARGON2_DIFFERS, ARGON2_NO_MEMORY };

/* Checks a secret against a text made by argon2id_hash(). A malformed text differs. */
enum argon2_result argon2id_check(const char *hash, const char *secret);

/* Does all the work of a check that fails: the answer to an unknown user takes as long (invariant 9). */
void argon2id_waste(const struct argon2_settings *settings, const char *secret);

enum { ARGON2_SALT_BYTES = 16 };

/* `length` (16 and more) bytes of a key out of a passphrase. False if there is no memory, or the settings are none. */
bool argon2id_derive(const struct argon2_settings *settings, const char *passphrase,
	const unsigned char salt[static ARGON2_SALT_BYTES], unsigned char *key, size_t length);

/* Whether the text was made with other settings than these. */
bool argon2id_is_outdated(const char *hash, const struct argon2_settings *settings);

/*
 * Takes one of `slots` places: locks (open file description) on bytes of the file `path`, which a killed process
 * frees. Waits at most wait_ms. Gives a descriptor for argon2_slot_release(), -1 if all were taken, -2 if the file
 * cannot be opened.
 */
int argon2_slot_acquire(const char *path, int slots, int wait_ms);
void argon2_slot_release(int slot);

#endif
