/* Files that hold keys: small, for their owner alone, never half written. Used within lib/crypto alone. */
#ifndef LATCHKEY_CRYPTO_KEY_FILE_H
#define LATCHKEY_CRYPTO_KEY_FILE_H

#include <stdbool.h>

#include "lib/base/arena.h"
#include "lib/crypto/octets.h"

enum key_file_existing { KEY_FILE_KEEP, KEY_FILE_REPLACE };

/*
 * The whole of a file of at most `longest` bytes, in the arena: who asked for it wipes it. NULL, with a sentence in
 * *error, if it is missing, larger, no regular file, or if anybody but its owner may read or write it.
 */
unsigned char *key_file_read(struct arena *arena, const char *path, size_t longest, size_t *length, const char **error);

/*
 * Makes a file with mode 0600: written under another name, synced, put in place, its folder synced. A file that is
 * there already stays with KEY_FILE_KEEP, even if another process makes it at this very moment. False with *error.
 */
bool key_file_write(struct arena *arena, const char *path, const struct octets *parts, size_t count,
	enum key_file_existing existing, const char **error);

#endif
