/* Public keys of authenticators (WebAuthn): table passkeys. Its columns are described in schema.sql. */
#ifndef LATCHKEY_RECORDS_PASSKEY_STORE_H
#define LATCHKEY_RECORDS_PASSKEY_STORE_H

#include "lib/database/database.h"

struct passkey {
	const unsigned char *credential_id;
	size_t credential_id_length;
	const char *user_id;
	const char *name;
	const char *public_jwk;
	int64_t sign_count;
	bool backed_up;
	const char *transports; /* words */
	int64_t created_at;
	int64_t last_used_at;   /* 0: never */
};

/* How many a user has. */
int64_t passkey_count(struct database *db, const char *user_id);

/* NULL if there is none. */
const struct passkey *passkey_find(struct database *db, const void *credential_id, size_t length);

/* Calls `each` for those of a user, the oldest first. */
void passkey_list(struct database *db, const char *user_id, void (*each)(void *context, const struct passkey *passkey), void *context);

/* False if the credential id is taken, by whomever. */
bool passkey_insert(struct database *db, const struct passkey *passkey);

/* False if the user has no such passkey. */
bool passkey_rename(struct database *db, const char *user_id, const void *credential_id, size_t length, const char *name);
bool passkey_remove(struct database *db, const char *user_id, const void *credential_id, size_t length);

/* Takes them all away; gives how many. */
int64_t passkey_remove_all(struct database *db, const char *user_id);

/* A sign-in by it: false if it is gone, or if its sign count changed since `used` was read. */
bool passkey_use(struct database *db, const struct passkey *used, int64_t sign_count, bool backed_up, int64_t now);

#endif
