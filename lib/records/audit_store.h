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
#define AUDIT_LOGOUT "logout"
#define AUDIT_CONSENT_GRANTED "consent.granted"
#define AUDIT_CONSENT_DENIED "consent.denied"
#define AUDIT_CODE_ISSUED "code.issued"
#define AUDIT_CODE_REPLAYED "code.replayed"
#define AUDIT_CODE_REFUSED "code.refused"
#define AUDIT_TOKENS_ISSUED "tokens.issued"
#define AUDIT_REFRESHED "tokens.refreshed"
#define AUDIT_REFRESH_REUSED "refresh.reused"
#define AUDIT_REVOKED "tokens.revoked"
#define AUDIT_CLIENT_FAILURE "client.authentication_failure"
#define AUDIT_CLIENT_ADDED "client.added"
#define AUDIT_CLIENT_REMOVED "client.removed"
#define AUDIT_CLIENT_SECRET "client.secret_rotated"
#define AUDIT_KEY_ADDED "key.added"

void audit_write(struct database *db, const struct audit_event *event);

#endif
