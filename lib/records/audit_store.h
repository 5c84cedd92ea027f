/* What happened: table audit. Written in the same transaction as what it records (invariant 10). */
#ifndef LATCHKEY_RECORDS_AUDIT_STORE_H
#define LATCHKEY_RECORDS_AUDIT_STORE_H

#include "lib/database/database.h"

struct audit_event {
	int64_t at;
	const char *event; /* AUDIT_… */
	const char *user_id;
	const char *client_id;
	const char *sid;
	const char *grant_id;
	const char *address;
	const char *request_id;
	const char *detail;
};

#define AUDIT_LOGIN_SUCCESS "login.success"
#define AUDIT_LOGIN_FAILURE "login.failure"
#define AUDIT_LOGIN_LIMITED "login.limited"
#define AUDIT_SIGNUP "user.signup"
#define AUDIT_USER_ADDED "user.added"
#define AUDIT_USER_DISABLED "user.disabled"
#define AUDIT_USER_ENABLED "user.enabled"
#define AUDIT_PASSWORD_CHANGED "user.password_changed"
#define AUDIT_PROFILE_CHANGED "user.profile_changed"
#define AUDIT_EMAIL_REQUESTED "user.email_change_requested"
#define AUDIT_EMAIL_CANCELLED "user.email_change_cancelled"
#define AUDIT_DELETION_REQUESTED "user.deletion_requested"
#define AUDIT_DELETION_CANCELLED "user.deletion_cancelled"
#define AUDIT_USER_DELETED "user.deleted"
#define AUDIT_FACTOR_ADDED "factor.added"
#define AUDIT_FACTOR_REMOVED "factor.removed"
#define AUDIT_FACTORS_RESET "factor.reset"
#define AUDIT_SECOND_FACTOR_SUCCESS "second_factor.success"
#define AUDIT_SECOND_FACTOR_FAILURE "second_factor.failure"
#define AUDIT_SECOND_FACTOR_LIMITED "second_factor.limited"
#define AUDIT_SECOND_FACTOR_REQUIRED "second_factor.required"
#define AUDIT_SECOND_FACTOR_OPTIONAL "second_factor.optional"
#define AUDIT_PASSKEY_CLONED "passkey.cloned"
#define AUDIT_LOGOUT "logout"
#define AUDIT_SESSION_ENDED "session.ended"
#define AUDIT_SESSIONS_ENDED "session.others_ended"
#define AUDIT_ALL_SESSIONS_ENDED "session.all_ended"
#define AUDIT_EMAIL_CHANGED "user.email_changed"
#define AUDIT_SESSION_REPORTED "session.reported"
#define AUDIT_INVITATION_ADDED "invitation.added"
#define AUDIT_INVITATION_REMOVED "invitation.removed"
#define AUDIT_CONSENT_GRANTED "consent.granted"
#define AUDIT_CONSENT_DENIED "consent.denied"
#define AUDIT_CONSENT_REVOKED "consent.revoked"
#define AUDIT_CODE_ISSUED "code.issued"
#define AUDIT_CODE_REPLAYED "code.replayed"
#define AUDIT_CODE_REFUSED "code.refused"
#define AUDIT_TOKENS_ISSUED "tokens.issued"
#define AUDIT_REFRESHED "tokens.refreshed"
#define AUDIT_REFRESH_REFUSED "refresh.refused"
#define AUDIT_REFRESH_REUSED "refresh.reused"
#define AUDIT_REVOKED "tokens.revoked"
#define AUDIT_CLIENT_CREDENTIALS_ISSUED "client_credentials.issued"
#define AUDIT_CLIENT_CREDENTIALS_COUNTED "client_credentials.counted"
#define AUDIT_CLIENT_FAILURE "client.authentication_failure"
#define AUDIT_CLIENT_ADDED "client.added"
#define AUDIT_CLIENT_REMOVED "client.removed"
#define AUDIT_CLIENT_SECRET "client.secret_rotated"
#define AUDIT_RESOURCE_ADDED "resource.added"
#define AUDIT_RESOURCE_REMOVED "resource.removed"
#define AUDIT_SCOPE_ADDED "scope.added"
#define AUDIT_SCOPE_REMOVED "scope.removed"
#define AUDIT_KEY_ADDED "key.added"
#define AUDIT_KEY_SCHEDULED "key.scheduled"
#define AUDIT_KEY_PROMOTED "key.promoted"
#define AUDIT_KEY_WITHDRAWN "key.withdrawn"
#define AUDIT_KEY_REMOVED "key.removed"
#define AUDIT_BACKED_UP "installation.backed_up"
#define AUDIT_RESTORED "installation.restored"
#define AUDIT_UPGRADED "installation.upgraded"
#define AUDIT_MAIL_FAILED "mail.failed"

void audit_write(struct database *db, const struct audit_event *event);

/* An event as it is read back. */
struct audit_row {
	int64_t audit_id;
	struct audit_event event;
	const char *username; /* of user_id; NULL if there is no such user */
};

/* What is looked for; NULL and 0: anything. */
struct audit_filter {
	int64_t since;     /* at or after */
	int64_t until;     /* before */
	const char *event; /* how its name begins: "login." */
	const char *user_id;
	const char *client_id;
};

/* Calls `each` for events behind `after` (INT64_MIN: from the start) in their order, at most `limit`; gives the id of the last one, or `after`. */
int64_t audit_list(struct database *db, const struct audit_filter *filter, int64_t after, int limit,
	void (*each)(void *context, const struct audit_row *row), void *context);

/* The id behind which the newest `count` (at least 1) begin; INT64_MIN if there are not more than those. */
int64_t audit_before_newest(struct database *db, const struct audit_filter *filter, int64_t count);

enum { AUDIT_WINDOW_EVENTS = 10000 };

/*
 * Calls `each` for events of a user, newest first, older than `before` (INT64_MAX: from the newest): those of the `names`
 * (words), at most `limit`. Looks at no more than AUDIT_WINDOW_EVENTS, since most may have other names. Gives where to go
 * on: the id before which nothing was looked at; 0 if there is nothing older.
 */
int64_t audit_list_of_user(struct database *db, const char *user_id, const char *names, int64_t before, int limit,
	void (*each)(void *context, const struct audit_event *event, const char *client_name), void *context);

/* Calls `each` for events of a user, all of them, newest first, older than `before` (INT64_MAX: from the newest), at most `limit`; gives the id of the last one, 0 if there was none. */
int64_t audit_newest_of_user(struct database *db, const char *user_id, int64_t before, int limit,
	void (*each)(void *context, const struct audit_event *event), void *context);

/* How many events are behind `after`. */
int64_t audit_count_after(struct database *db, int64_t after);

enum { AUDIT_DIGEST_BYTES = 32 };

/* A run of events under one digest; begins with `last` set to the event before it and the rest zero. */
struct audit_run {
	int64_t last;
	int64_t count;
	unsigned char digest[AUDIT_DIGEST_BYTES];
};

/* Takes at most `limit` more events into the run, none behind `until`; false if there were none. */
bool audit_run_add(struct database *db, struct audit_run *run, int64_t until, int limit);

#endif
