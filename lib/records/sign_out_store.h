/* Ends what is signed in or under way in the whole installation, not of one user: for the operator. */
#ifndef LATCHKEY_RECORDS_SIGN_OUT_STORE_H
#define LATCHKEY_RECORDS_SIGN_OUT_STORE_H

#include "lib/database/database.h"

struct signed_out {
	int64_t sessions; /* cookies that counted, or had expired and not been removed yet */
	int64_t grants;   /* revoked, and with each its code and all its tokens */
};

/* Ends every session, and what came from one and does not outlive it: as signing out does, for everybody. */
struct signed_out sign_out_everyone(struct database *db, int64_t now);

/*
 * Ends everything that somebody holds a secret for: sessions, sign-ins under way, pushed requests, links of mails, and all
 * codes and tokens, offline access too. A restored database would let in who had been shut out since. Passwords, second
 * factors, consents and clients stay.
 */
struct signed_out sign_out_everything(struct database *db, int64_t now);

#endif
