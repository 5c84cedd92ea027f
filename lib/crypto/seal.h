/*
 * Authenticated encryption (XChaCha20-Poly1305 of libsodium) of what a program with the whole database in its hands must not learn:
 * password hashes, TOTP seeds and the like. The key is a file that only some endpoints may open.
 */
#ifndef LATCHKEY_CRYPTO_SEAL_H
#define LATCHKEY_CRYPTO_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"

enum { SEAL_KEY_BYTES = 32 };

/* Reads a key file of exactly 32 bytes. False, with a sentence in *error, if it is missing, of another size or readable by others. */
bool seal_key_load(struct arena *arena, const char *path, unsigned char key[static SEAL_KEY_BYTES], const char **error);

/* Makes such a file, mode 0600, if there is none: written, synced, renamed, its folder synced. False with *error. */
bool seal_key_create(struct arena *arena, const char *path, const char **error);

/* "v1." and base64url of nonce, ciphertext and tag. `purpose` (table, column, row) is authenticated: a value moved to another row does not open. */
char *seal(struct arena *arena, const unsigned char key[static SEAL_KEY_BYTES], const char *purpose, const char *plaintext);

/* NULL if it was not sealed with this key and purpose. */
char *unseal(struct arena *arena, const unsigned char key[static SEAL_KEY_BYTES], const char *purpose, const char *sealed);

/*
 * The same under a key derived from `token`, 256 random bits that somebody else holds and of which the database has the
 * hash alone: the file opens nothing, and no key file is read.
 */
char *seal_by_token(struct arena *arena, const char *token, const char *purpose, const char *plaintext);
char *unseal_by_token(struct arena *arena, const char *token, const char *purpose, const char *sealed);

#endif
