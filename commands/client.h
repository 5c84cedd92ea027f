/* What the commands about clients share. */
#ifndef LATCHKEY_COMMANDS_CLIENT_H
#define LATCHKEY_COMMANDS_CLIENT_H

#include "commands/cli.h"
#include "lib/records/client_store.h"

enum { CLIENT_ID_LENGTH = 24, CLIENT_SECRET_LENGTH = 43 }; /* 43 letters and digits: 256 random bits */

/* The secret as it is stored. */
char *sealed_client_secret(struct cli *cli, const char *client_id, const char *secret);

/* The metadata: as the client information response with --json, else as a table. `secret` may be NULL. */
void client_print(struct cli *cli, const struct client *client, const char *secret);

#endif
