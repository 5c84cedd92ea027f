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
	int64_t activated_at; /* 0: never; likewise below */
	int64_t retired_at;
	int64_t expires_at;
};

/* The key that signs with this algorithm now; NULL if there is none. */
const struct signing_key_record *signing_key_find_active(struct database *db, const char *alg);

/* Any key that is still published; NULL if there is none. */
const struct signing_key_record *signing_key_find(struct database *db, const char *kid, int64_t now);

/* All keys that the jwks shows now: active first, then next, then retired ones whose tokens may still be valid. */
void signing_key_list(struct database *db, int64_t now,
	void (*each)(void *context, const struct signing_key_record *key), void *context);

/* Words: the algorithms that keys are active for. */
const char *signing_key_algs(struct database *db);

void signing_key_insert(struct database *db, const struct signing_key_record *key);

#endif
