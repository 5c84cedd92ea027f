/* Authenticator apps: table totp, at most one row a user. */
#ifndef LATCHKEY_RECORDS_TOTP_STORE_H
#define LATCHKEY_RECORDS_TOTP_STORE_H

#include "lib/database/database.h"

struct totp_row {
	const char *seed;     /* sealed */
	int64_t created_at;
	int64_t confirmed_at; /* 0: not yet */
	int64_t last_step;    /* 0: no code has counted yet */
};

/* NULL if the user has none. */
const struct totp_row *totp_row_find(struct database *db, const char *user_id);

/* A set-up begins, in place of one that was never confirmed; false if a confirmed one is there. */
bool totp_row_begin(struct database *db, const char *user_id, const char *seed, int64_t now);

/* Confirms the set-up with that seed by the code of `step`; false if it is another one by now, or confirmed. */
bool totp_row_confirm(struct database *db, const char *user_id, const char *seed, int64_t step, int64_t now);

/* Uses up the time step: true for exactly one of all who try, and for none later with that step or one before it. */
bool totp_row_use_step(struct database *db, const char *user_id, int64_t step);

/* False if there was none. */
bool totp_row_remove(struct database *db, const char *user_id);

#endif
