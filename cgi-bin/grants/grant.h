/* A way to get tokens: one file each, one row in token.c's table. */
#ifndef LATCHKEY_CGI_BIN_GRANTS_GRANT_H
#define LATCHKEY_CGI_BIN_GRANTS_GRANT_H

#include "lib/endpoint/endpoint.h"
#include "lib/records/client_store.h"

struct grant_type {
	const char *name; /* the grant_type */
	enum outcome (*handle)(struct context *c, const struct client *client);
};

enum outcome grant_authorization_code(struct context *c, const struct client *client);
enum outcome grant_refresh_token(struct context *c, const struct client *client);
enum outcome grant_client_credentials(struct context *c, const struct client *client);

#endif
