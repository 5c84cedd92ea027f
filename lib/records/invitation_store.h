/* Invitations to make an account, each of which counts once: table invitations. */
#ifndef LATCHKEY_RECORDS_INVITATION_STORE_H
#define LATCHKEY_RECORDS_INVITATION_STORE_H

#include "lib/database/database.h"

struct invitation {
	const unsigned char *invitation_hash; /* SHA-256 of the token in the link */
	const char *email;                    /* whom it is for; NULL: anybody */
	bool requested;                       /* on the sign-up page, for `email`; else the operator's */
	int64_t created_at;
	int64_t expires_at;
};

void invitation_insert(struct database *db, const struct invitation *invitation);

/* NULL if there is none, or it expired. */
const struct invitation *invitation_find(struct database *db, const unsigned char *invitation_hash, int64_t now);

/* Uses it up: true for exactly one of all who try. */
bool invitation_use(struct database *db, const unsigned char *invitation_hash, int64_t now);

/* Calls `each` for all of them, the expired too, in the order of their hashes. */
void invitation_list(struct database *db, void (*each)(void *context, const struct invitation *invitation), void *context);

/* Removes those whose hash lies between the two, both included; gives how many. */
int64_t invitation_remove_between(struct database *db, const unsigned char *first, const unsigned char *last);

/* Removes those to this address (in any case) that were asked for on the sign-up page; the operator's stay. */
void invitation_remove_requested(struct database *db, const char *email);

int64_t invitation_remove_expired(struct database *db, int64_t now, int limit);

#endif
