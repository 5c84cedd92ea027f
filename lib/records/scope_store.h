/* Scopes beside those of OpenID Connect: table scopes. */
#ifndef LATCHKEY_RECORDS_SCOPE_STORE_H
#define LATCHKEY_RECORDS_SCOPE_STORE_H

#include "lib/database/database.h"

struct registered_scope {
	const char *scope;       /* a name, or a pattern with * */
	const char *description;
	const char *resource;    /* NULL: of the issuer itself */
	int64_t created_at;
	const struct registered_scope *next; /* in the list of patterns */
};

/* By the name or pattern itself; NULL if there is none. */
const struct registered_scope *scope_find(struct database *db, const char *scope);

/* All that are patterns: longer ones, which say more, first. NULL: none. */
const struct registered_scope *scope_patterns(struct database *db);

/* False if it is there already. */
bool scope_insert(struct database *db, const struct registered_scope *scope);

/* False if there was none. */
bool scope_remove(struct database *db, const char *scope);

/* All, by name. */
void scope_list(struct database *db, void (*each)(void *context, const struct registered_scope *scope), void *context);

#endif
