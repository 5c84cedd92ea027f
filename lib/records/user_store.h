/* Accounts and the claims about them: tables users, user_claims. */
#ifndef LATCHKEY_RECORDS_USER_STORE_H
#define LATCHKEY_RECORDS_USER_STORE_H

#include "lib/database/database.h"

struct user {
	const char *user_id;
	const char *username;
	const char *password; /* sealed Argon2id hash; NULL: none */
	int64_t password_changed_at;
	bool password_short;  /* would not do alone, without a second factor */
	int64_t created_at;
	int64_t disabled_at;  /* 0: enabled */
	int64_t deletion_at;  /* 0: stays; else it may be removed from then on */
	bool second_factor_required;
	int64_t version;            /* grows with every change that the user makes */
	int64_t passkey_challenges; /* for new passkeys, used up */
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

void user_set_password(struct database *db, const char *user_id, const char *sealed, bool is_short, int64_t now);

/* Another hash of the same password; nothing happens if that is not the user's any more. */
void user_seal_password_anew(struct database *db, const char *user_id, const char *before, const char *sealed);

/* now = 0 enables again. */
void user_set_disabled(struct database *db, const char *user_id, int64_t now);

/* The user changes something of their account: false if `version` is not the current one any more (another tab was quicker). */
bool user_change(struct database *db, const char *user_id, int64_t version);

void user_set_second_factor_required(struct database *db, const char *user_id, bool required);

/* When the account may be removed; 0: it stays. */
void user_set_deletion(struct database *db, const char *user_id, int64_t at);

/* Users whose time to be removed has come, at most `limit`. */
void user_list_due(struct database *db, int64_t now, int limit,
	void (*each)(void *context, const struct user *user), void *context);

/* Removes an account with all that is about it but the audit log, if its time has come: false if it has not. */
bool user_remove(struct database *db, const char *user_id, int64_t now);

/* Uses up the challenge for a new passkey with this number: true for exactly one of all who try. */
bool user_use_passkey_challenge(struct database *db, const char *user_id, int64_t number);

struct claims user_claims(struct database *db, const char *user_id);

/* Users whose proven e-mail address it is, in any case, at most `limit`; `json` is the claim's value. */
void user_list_by_email(struct database *db, const char *json, int limit,
	void (*each)(void *context, const struct user *user), void *context);

/* Sets one claim; json NULL removes it. */
void user_set_claim(struct database *db, const char *user_id, const char *name, const char *json);

/* The JSON of one claim among those; NULL if absent. */
const char *claims_find(const struct claims *claims, const char *name);

/* What a claim that is a JSON string says; NULL if there is no such claim. */
const char *claims_text(struct arena *arena, const struct claims *claims, const char *name);

#endif
