/* The well-known documents as files, which a web server serves without starting a program. */
#ifndef LATCHKEY_COMMANDS_PUBLISH_H
#define LATCHKEY_COMMANDS_PUBLISH_H

#include "commands/cli.h"

enum { PUBLISHED_FILES = 2 };

/*
 * Writes well-known/openid-configuration and well-known/jwks.json anew where they differ from what the endpoints say, each
 * by an atomic rename, synced: a key that is in them when this returns is seen by every client. Gives how many were
 * written, with their paths in `paths` (NULL: not wanted). Call it outside of transactions.
 */
int publish_files(struct cli *cli, const char *paths[PUBLISHED_FILES]);

#endif
