/* Checking a user name and a password, with the same answer in the same time for an unknown name and a wrong password. */
#ifndef LATCHKEY_IDENTITY_SIGN_IN_H
#define LATCHKEY_IDENTITY_SIGN_IN_H

#include "lib/http/context.h"
#include "lib/records/flow_store.h"
#include "lib/records/user_store.h"

#define SIGN_IN_TABLES "users limits audit"
#define AMR_PASSWORD "pwd" /* RFC 8176 */

enum sign_in_result {
	SIGN_IN_RIGHT,
	SIGN_IN_WRONG,
	SIGN_IN_LIMITED, /* too many attempts for this account or from this address */
	SIGN_IN_BUSY,    /* no slot for Argon2id came free */
};

struct sign_in {
	const struct user *user;  /* set when right */
	const char *new_password; /* sealed anew, since the settings changed; NULL: leave as it is */
};

/* Counts the attempt, then checks; failures are audited here. Call it outside of transactions. */
enum sign_in_result sign_in_check(struct context *c, const char *username, const char *password, struct sign_in *result);

/* The user proved who they are: wrong passwords before count no more. Opens keys/credentials.key; writes limits. */
void sign_in_forget_attempts(struct context *c, const struct user *user);

/* Inside the transaction that relies on it: forgets the attempts, stores the new hash. */
void sign_in_record(struct context *c, const struct sign_in *result);

/*
 * The end of every sign-in, inside the transaction: a new session, the flow's user, a notice if the device is new, the
 * audit log. A flow without an application ends here. Writes SIGN_IN_COMPLETE_TABLES.
 */
#define SIGN_IN_COMPLETE_TABLES "sessions flows devices outbox audit"
void sign_in_complete(struct context *c, const struct flow *flow, const char *user_id, const char *amr, const char *acr, bool stay);

#endif
