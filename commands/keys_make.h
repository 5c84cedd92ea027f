/* The making of keys that sign tokens, by the commands alone: no endpoint writes keys (invariant 11). */
#ifndef LATCHKEY_COMMANDS_KEYS_MAKE_H
#define LATCHKEY_COMMANDS_KEYS_MAKE_H

#include "commands/cli.h"

enum { KEYS_MADE_MOST = 2 };

/*
 * Makes sure that an algorithm has a key that signs and one that will: what is missing is made. Gives how many that
 * were, with their ids in `kids` (NULL: not wanted). Call it outside of transactions.
 */
int key_ensure(struct cli *cli, const char *alg, const char *kids[KEYS_MADE_MOST]);

/* A leak: makes both anew, and takes every older key of the algorithm out of the jwks at once. */
void key_replace(struct cli *cli, const char *alg);

/* The file of a private key. */
char *key_path(struct cli *cli, const char *kid);

/* When a next key can sign at the earliest: no client is left that may still keep a jwks without it. */
int64_t key_known_at(const struct cli *cli, int64_t created_at);

#endif
