/* Links that were sent by mail, each of which counts once: table links. */
#ifndef LATCHKEY_RECORDS_LINK_STORE_H
#define LATCHKEY_RECORDS_LINK_STORE_H

#include "lib/database/database.h"

#define LINK_RESET_PASSWORD "reset_password"
#define LINK_VERIFY_EMAIL "verify_email"
#define LINK_NOT_ME "not_me"

struct link {
	const unsigned char *link_hash; /* SHA-256 of the token in the link */
	const char *kind;
	const char *user_id;
	const char *detail;             /* verify_email: the address; not_me: the sid */
	int64_t created_at;
	int64_t expires_at;
};

void link_insert(struct database *db, const struct link *link);

/* NULL if there is none of that kind, or it expired. */
const struct link *link_find(struct database *db, const char *kind, const unsigned char *link_hash, int64_t now);

/* Uses it up: true for exactly one of all who try. */
bool link_use(struct database *db, const unsigned char *link_hash, int64_t now);

/* Ends all links of a kind (NULL: any) of a user. */
void link_remove_of_user(struct database *db, const char *user_id, const char *kind);

int64_t link_remove_expired(struct database *db, int64_t now, int limit);

#endif
