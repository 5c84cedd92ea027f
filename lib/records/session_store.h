/* Browsers that are signed in: table sessions. */
#ifndef LATCHKEY_RECORDS_SESSION_STORE_H
#define LATCHKEY_RECORDS_SESSION_STORE_H

#include "lib/database/database.h"

struct session {
	const unsigned char *session_hash;
	const char *sid;
	const char *user_id;
	const char *username;  /* of the user; read only */
	int64_t created_at;
	int64_t auth_time;
	const char *amr;
	const char *acr;
	int64_t last_seen_at;
	int64_t idle_seconds;
	int64_t expires_at;
	const char *address;
	const char *user_agent;
};

/* A session that has neither expired nor idled out, of a user who is not disabled; else NULL. */
const struct session *session_find(struct database *db, const unsigned char *session_hash, int64_t now);

/* The latest of the cookies of a sid, expired or not; NULL if there is none. */
const struct session *session_find_by_sid(struct database *db, const char *user_id, const char *sid);

/* Whether any cookie of this sid still counts. */
bool session_is_alive(struct database *db, const char *user_id, const char *sid, int64_t now);

void session_insert(struct database *db, const struct session *session);

/* Sets last_seen_at. */
void session_touch(struct database *db, const unsigned char *session_hash, int64_t now);

/* Lets a session end at `at` at the latest: the one that a new cookie replaced. */
void session_expire_at(struct database *db, const unsigned char *session_hash, int64_t at);

/* Ends every cookie of a user's sid, or of the user except one sid (NULL: none spared); gives how many rows went. */
int64_t session_end(struct database *db, const char *user_id, const char *sid);
int64_t session_end_all(struct database *db, const char *user_id, const char *except_sid);

/*
 * Calls `each` for the sessions of a user that count, newest first, at most `limit`: of several cookies of one sid the one
 * of the last sign-in. Begins behind the session created at `created_at` with `sid` (INT64_MAX and "": at the start).
 */
void session_list(struct database *db, const char *user_id, int64_t now, int64_t created_at, const char *sid, int limit,
	void (*each)(void *context, const struct session *session), void *context);

/*
 * The same for all users, sorted by user_id and sid, behind these two (NULL: from the start); `username` is set. Of several
 * cookies of one sid the one of the last sign-in.
 */
void session_list_everywhere(struct database *db, const char *user_id, const char *sid, int64_t now, int limit,
	void (*each)(void *context, const struct session *session), void *context);

/* Whose sid it is; NULL: nobody's. For the operator: no index leads there. */
const char *session_owner(struct database *db, const char *sid);

/* Removes at most `limit` that expired. */
int64_t session_remove_expired(struct database *db, int64_t now, int limit);

#endif
