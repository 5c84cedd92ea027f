/*
 * The operator's list of passwords that were breached, in the format of Have I Been Pwned, looked up on disk: one file
 * of sorted lines HASH:COUNT, or a folder with a file XXXXX or XXXXX.txt of lines SUFFIX:COUNT for each prefix of a hash.
 */
#ifndef LATCHKEY_IDENTITY_BREACHED_PASSWORDS_H
#define LATCHKEY_IDENTITY_BREACHED_PASSWORDS_H

#include <stdbool.h>

/* Whether the list at `path` (NULL: none) has the password. A list that cannot be read is logged, and has nothing. */
bool breached_passwords_have(const char *path, const char *password);

#endif
