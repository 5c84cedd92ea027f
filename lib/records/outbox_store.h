/* What has to be sent: table outbox. A row is a reference, never a secret. */
#ifndef LATCHKEY_RECORDS_OUTBOX_STORE_H
#define LATCHKEY_RECORDS_OUTBOX_STORE_H

#include "lib/database/database.h"

/* A genuine refresh token came twice: its family was revoked. */
#define OUTBOX_ALERT_REFRESH_REUSE "alert.refresh_reuse"
/* Links: to the address in email_changes; to the user's own. */
#define OUTBOX_VERIFY_EMAIL "mail.verify_email"
#define OUTBOX_RESET_PASSWORD "mail.reset_password"
/* To the address in `detail`, whose user there is not yet: the way to an account, or word that there is one. */
#define OUTBOX_SIGNUP "mail.signup"
/* Notices. */
#define OUTBOX_NEW_DEVICE "mail.new_device"           /* sid: the session that began there */
#define OUTBOX_PASSWORD_CHANGED "mail.password_changed"
#define OUTBOX_FACTOR_ADDED "mail.factor_added"       /* detail: "totp", "passkey", "recovery_codes" */
#define OUTBOX_FACTOR_REMOVED "mail.factor_removed"   /* the same */
#define OUTBOX_PASSKEY_CLONED "mail.passkey_cloned"   /* a sign-in by it was refused; detail: its name */
#define OUTBOX_EMAIL_CHANGED "mail.email_changed"     /* detail: the old address, which is told */
#define OUTBOX_DELETION "mail.deletion"               /* the account is going to be removed */

enum { OUTBOX_SECONDS = 7 * 86400 };

struct outbox_row {
	int64_t outbox_id; /* set when it is read */
	const char *kind;
	const char *user_id;
	const char *client_id;
	const char *sid;
	const char *detail;
	int64_t created_at;
	int64_t attempts; /* to send it, the one under way included */
};

/* In the transaction of what it tells about. Handlers call notice_add(), which wakes deliver, too. */
void outbox_add(struct database *db, const struct outbox_row *row);

/* Whether a row of that kind for that user is waiting: one mail is enough. */
bool outbox_has(struct database *db, const char *kind, const char *user_id);

/*
 * Takes the row that has been due for the longest time: nobody else gets it for `lease_seconds`, after which its sender is thought
 * dead. NULL if none is due. What ends the attempt is one of the two below; each does nothing, and gives false, if the
 * lease was over and somebody else has the row.
 */
const struct outbox_row *outbox_take(struct database *db, int64_t now, int64_t lease_seconds);

/* Sent, or given up. */
bool outbox_remove(struct database *db, const struct outbox_row *row);

/* To be tried again at `due_at`; an attempt that was only interrupted does not count. */
bool outbox_put_back(struct database *db, const struct outbox_row *row, int64_t due_at, bool counts);

/* Removes rows that nobody has looked at for OUTBOX_SECONDS: without a deliver the table would grow for ever. How many. */
int64_t outbox_remove_expired(struct database *db, int64_t now, int limit);

/* When the next row is due; 0 if there is none. */
int64_t outbox_next_due(struct database *db);

/* How many rows were made before `at`: never tried yet, or tried in vain. */
int64_t outbox_count_before(struct database *db, int64_t at, bool tried);

#endif
