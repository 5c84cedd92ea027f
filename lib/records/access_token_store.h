/* Access tokens by their hash: table access_tokens. */
#ifndef LATCHKEY_RECORDS_ACCESS_TOKEN_STORE_H
#define LATCHKEY_RECORDS_ACCESS_TOKEN_STORE_H

#include "lib/database/database.h"
#include "lib/records/client_store.h"

struct access_token {
	const unsigned char *token_hash;
	const char *grant_id;        /* NULL: client_credentials */
	const char *client_id;
	const char *user_id;         /* NULL: client_credentials */
	const char *scope;
	const char *audience;
	const char *confirmation;
	int64_t issued_at;
	int64_t expires_at;
	const char *claims_userinfo; /* of the grant; read only, like the next */
	struct claim_rules claim_rules; /* of the client */
};

/* A token that counts now: not expired, neither it nor its grant revoked, user and client not disabled; else NULL. */
const struct access_token *access_token_find(struct database *db, const unsigned char *token_hash, int64_t now);

/* Revokes one token. False if there is none, or it was revoked already. */
bool access_token_revoke(struct database *db, const unsigned char *token_hash, int64_t now);

void access_token_insert(struct database *db, const struct access_token *token);

int64_t access_token_remove_expired(struct database *db, int64_t now, int limit);

#endif
