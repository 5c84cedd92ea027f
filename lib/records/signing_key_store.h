/* The public side of signing keys and their states: table signing_keys. */
#ifndef LATCHKEY_RECORDS_SIGNING_KEY_STORE_H
#define LATCHKEY_RECORDS_SIGNING_KEY_STORE_H

#include "lib/database/database.h"

struct signing_key_record {
	const char *kid;
	const char *alg;
	const char *state; /* next | active | retired */
	const char *public_jwk;
	int64_t created_at;
	int64_t promote_at;   /* of a next key; 0: never; likewise below */
	int64_t activated_at;
	int64_t retired_at;
	int64_t expires_at;
};

/*
 * The key that has to sign with this algorithm now: the active one, or a next one that is due and has to be promoted
 * first. NULL if there is none.
 */
const struct signing_key_record *signing_key_find_signing(struct database *db, const char *alg, int64_t now);

/* The active key, the next one; NULL if there is none. */
const struct signing_key_record *signing_key_find_active(struct database *db, const char *alg);
const struct signing_key_record *signing_key_find_next(struct database *db, const char *alg);

/* Any key that is still published; NULL if there is none. */
const struct signing_key_record *signing_key_find(struct database *db, const char *kid, int64_t now);

/* All keys that the jwks shows now: active first, then next, then retired ones whose tokens may still be valid. */
void signing_key_list(struct database *db, int64_t now,
	void (*each)(void *context, const struct signing_key_record *key), void *context);

/* Words: the algorithms that keys are active for. */
const char *signing_key_algs(struct database *db);

void signing_key_insert(struct database *db, const struct signing_key_record *key);

/*
 * Makes a next key that is due the active one: one conditional UPDATE, true for exactly one of all who try. The
 * active one before is retired and leaves the jwks at `retired_expires_at`.
 */
bool signing_key_promote(struct database *db, const char *alg, const char *kid, int64_t now, int64_t retired_expires_at);

/* When the last token ends that a key signed until now, if none lives longer than `seconds`, but for those that say so themselves. */
int64_t signing_key_tokens_end(struct database *db, int64_t now, int64_t seconds);

/* A next key was published at `at`, everywhere, and takes over at `promote_at`. */
void signing_key_publish(struct database *db, const char *kid, int64_t at, int64_t promote_at);

/* When a next key is promoted. False if it is none any more. */
bool signing_key_set_promote_at(struct database *db, const char *kid, int64_t at);

/* Takes every key of an algorithm out of the jwks at once; gives how many that were. */
int64_t signing_key_withdraw(struct database *db, const char *alg, int64_t now);

/* Retired keys that left the jwks; removing one of them, false if it is none. */
void signing_key_list_expired(struct database *db, int64_t now,
	void (*each)(void *context, const struct signing_key_record *key), void *context);
bool signing_key_remove(struct database *db, const char *kid, int64_t now);

#endif
