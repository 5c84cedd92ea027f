/* Accounts and the claims about them: tables users, user_claims. */
#ifndef LATCHKEY_RECORDS_USER_STORE_H
#define LATCHKEY_RECORDS_USER_STORE_H

#include "lib/database/database.h"

struct user {
	const char *user_id;
	const char *username;
	const char *password; /* sealed Argon2id hash; NULL: none */
	int64_t password_changed_at;
	int64_t created_at;
	int64_t disabled_at;  /* 0: enabled */
};

struct claim {
	const char *name;
	const char *json;
};

struct claims {
	const struct claim *items; /* sorted by name */
	int count;
};

/* NULL if there is none. A disabled user is found too. */
const struct user *user_find(struct database *db, const char *user_id);
const struct user *user_find_by_username(struct database *db, const char *username); /* any case */

/* False if the user name is taken. */
bool user_insert(struct database *db, const struct user *user);

/* Calls `each` for all users by name, `after` (NULL: from the start) excluded, at most `limit`. */
void user_list(struct database *db, const char *after, int limit,
	void (*each)(void *context, const struct user *user), void *context);

void user_set_password(struct database *db, const char *user_id, const char *sealed, int64_t now);

/* now = 0 enables again. */
void user_set_disabled(struct database *db, const char *user_id, int64_t now);

struct claims user_claims(struct database *db, const char *user_id);

/* Sets one claim; json NULL removes it. */
void user_set_claim(struct database *db, const char *user_id, const char *name, const char *json);

/* The JSON of one claim among those; NULL if absent. */
const char *claims_find(const struct claims *claims, const char *name);

#endif
