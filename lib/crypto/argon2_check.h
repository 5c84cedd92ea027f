/*
 * argon2id_verify() of argon2.h under another name: libargon2 exports a function of that name with other
 * parameters, and a program linked statically cannot have both. Used within lib/crypto alone.
 */
#ifndef LATCHKEY_CRYPTO_ARGON2_CHECK_H
#define LATCHKEY_CRYPTO_ARGON2_CHECK_H

#include "lib/crypto/argon2.h"

/* Checks a secret against a text made by argon2id_hash(). A malformed text differs. */
enum argon2_result argon2id_check(const char *hash, const char *secret);

#endif
