/* Sign-ins at applications, with their authorization codes: table grants. Its columns are described in schema.sql. */
#ifndef LATCHKEY_RECORDS_GRANT_STORE_H
#define LATCHKEY_RECORDS_GRANT_STORE_H

#include "lib/database/database.h"

struct grant {
	const char *grant_id;
	const unsigned char *code_hash;
	int64_t code_expires_at;
	int64_t code_used_at_ms;  /* 0: not yet */
	const char *client_id;
	const char *user_id;
	const char *sid;
	const char *redirect_uri;
	const char *code_challenge;
	const char *nonce;
	const char *scope;
	const char *claims_id_token;
	const char *claims_userinfo;
	const char *resource;
	const char *confirmation;
	int64_t auth_time;
	const char *amr;
	const char *acr;
	int64_t created_at;
	int64_t refresh_generation; /* 0: no refresh token was issued */
	const unsigned char *refresh_hash;
	const unsigned char *refresh_previous_hash;
	int64_t refresh_previous_used_at;
	const unsigned char *refresh_successor; /* 32 bytes; NULL: none */
	int64_t refresh_expires_at;
	int64_t refresh_ends_at;
	int64_t expires_at;
	int64_t revoked_at;       /* 0: not */
};

/* By the code's hash, in whatever state it is; NULL if there is none. */
const struct grant *grant_find_by_code(struct database *db, const unsigned char *code_hash);
const struct grant *grant_find(struct database *db, const char *grant_id);

void grant_insert(struct database *db, const struct grant *grant);

/*
 * Uses the code: one conditional UPDATE, true for exactly one of all who try (unused, not expired, not revoked;
 * user and client not disabled). expires_at is when the grant's last token ends.
 */
bool grant_use_code(struct database *db, const char *grant_id, int64_t now, int64_t now_ms, int64_t expires_at);

/* The first refresh token of a grant: generation 1. */
void grant_start_refresh(struct database *db, const char *grant_id, const unsigned char *hash, int64_t expires_at, int64_t ends_at);

/* What a rotation writes. */
struct grant_rotation {
	const char *grant_id;
	const unsigned char *old_hash;  /* the token that was sent: must still be the current one */
	const unsigned char *new_hash;
	const unsigned char *successor; /* 32 bytes: the new one's random part, sealed by the old one */
	int64_t generation;             /* of the new one */
	int64_t refresh_expires_at;
	int64_t expires_at;             /* of the grant */
};

/* One conditional UPDATE: true for exactly one of all who rotate the same token (not ended, not revoked, user and client enabled). */
bool grant_rotate(struct database *db, const struct grant_rotation *rotation, int64_t now);

/* Whether the previous token may still get the same successor: first used at `since` or later, the successor unused, nothing revoked. */
bool grant_may_retry(struct database *db, const char *grant_id, const unsigned char *previous_hash, int64_t since);

/* Revokes a grant: its code and all its tokens stop counting. False if it was revoked already. */
bool grant_revoke(struct database *db, const char *grant_id, int64_t now);

/* Revokes what came from a session, except grants that have offline_access. Gives how many. */
int64_t grant_revoke_session(struct database *db, const char *sid, const char *user_id, int64_t now);

/* The same for all sessions of a user but one. */
int64_t grant_revoke_other_sessions(struct database *db, const char *sid, const char *user_id, int64_t now);

/* Calls `each` for what a user's grants at a client that still count allow: each pair of scope and resource (words) once. */
void grant_list_allowed(struct database *db, const char *user_id, const char *client_id, int64_t now,
	void (*each)(void *context, const char *scope, const char *resource), void *context);

/* Revokes all of it, offline access too: the session was not the user's own. */
int64_t grant_revoke_session_whole(struct database *db, const char *sid, const char *user_id, int64_t now);

/* Revokes all of a user, at one client or (client_id NULL) everywhere. */
int64_t grant_revoke_user(struct database *db, const char *user_id, const char *client_id, int64_t now);

int64_t grant_remove_expired(struct database *db, int64_t now, int limit);

#endif
