/* What an operator says about a user, as a JSON object (OpenID Connect Core 5.1). */
#ifndef LATCHKEY_COMMANDS_CLAIMS_H
#define LATCHKEY_COMMANDS_CLAIMS_H

#include "commands/cli.h"
#include "lib/records/user_store.h"

/* Checks the object (NULL: none) and adds the address (NULL: none) as an email that the operator vouches for. */
struct claims claims_check(struct cli *cli, const char *username, const char *json, size_t length, const char *email);

#endif
