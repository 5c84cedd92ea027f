/* APIs that access tokens can be for (RFC 8707): table resources. */
#ifndef LATCHKEY_RECORDS_RESOURCE_STORE_H
#define LATCHKEY_RECORDS_RESOURCE_STORE_H

#include "lib/database/database.h"

struct resource {
	const char *resource;
	const char *name;
	const char *client_id;        /* NULL: none */
	int64_t access_token_seconds; /* 0: the client's or the configuration's */
	const char *signing_alg;      /* NULL: RS256 */
	int64_t created_at;
};

/* NULL if there is none. */
const struct resource *resource_find(struct database *db, const char *resource);

/* False if it is there already. */
bool resource_insert(struct database *db, const struct resource *resource);

/* Removes it with its scopes. False if there was none. */
bool resource_remove(struct database *db, const char *resource);

/* All, by their URIs. */
void resource_list(struct database *db, void (*each)(void *context, const struct resource *resource), void *context);

#endif
