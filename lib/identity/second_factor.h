/* The second factor behind a password: a code of an authenticator app (RFC 6238), or a recovery code. */
#ifndef LATCHKEY_IDENTITY_SECOND_FACTOR_H
#define LATCHKEY_IDENTITY_SECOND_FACTOR_H

#include "lib/http/context.h"
#include "lib/records/user_store.h"

#define SECOND_FACTOR_TABLES "totp recovery_codes limits audit"
#define AMR_TOTP "pwd otp mfa" /* RFC 8176; for recovery codes too, which are one-time passwords as well */

/* What a user has. Reads totp, recovery_codes, passkeys. */
struct second_factor {
	bool totp;              /* confirmed */
	int64_t recovery_codes; /* left */
	int64_t passkeys;
};
struct second_factor second_factor_of(struct context *c, const char *user_id);

/* Whether this user's password alone is not enough: by an app that they set up, by their own or their operator's wish. */
bool second_factor_is_needed(struct context *c, const struct user *user, const struct second_factor *has);

/*
 * Whether the password of this user, who has a factor, opens nothing alone: then a shorter one will do. A passkey that
 * nobody demands is another way in beside the password, and guards nothing.
 */
bool second_factor_guards(struct context *c, const struct user *user, const struct second_factor *has);

/*
 * Counts an attempt at a code in a transaction of its own, before the check, so that 32 guesses at once do not all see a
 * count of zero: false (audited) if there were too many wrong ones. second_factor_check() does it itself. Writes limits, audit.
 */
bool second_factor_count(struct context *c, const struct user *user);
/* The code was right: the count starts anew. Inside the caller's transaction; second_factor_use() does it itself. */
void second_factor_forget(struct context *c, const struct user *user);

enum second_factor_result {
	SECOND_FACTOR_RIGHT,
	SECOND_FACTOR_WRONG,
	SECOND_FACTOR_LIMITED, /* too many wrong ones: locked for a while */
};

/* A code that was right, not used up yet. */
struct second_factor_proof {
	int64_t step;                   /* of an app's code; 0: it is a recovery code */
	const unsigned char *code_hash; /* of a recovery code */
};

/*
 * Counts the attempt, then checks; failures are audited. Call it outside of transactions. Spaces and dashes in `code` do
 * not count. Opens keys/credentials.key; tables SECOND_FACTOR_TABLES.
 */
enum second_factor_result second_factor_check(struct context *c, const struct user *user, const char *code,
	struct second_factor_proof *proof);

/* Uses it up, inside the transaction that relies on it, forgets the attempts, audits: false if it was used meanwhile. */
bool second_factor_use(struct context *c, const struct user *user, const struct second_factor_proof *proof);

/*
 * Setting up an app: a new seed that counts for nothing until a code confirms it; NULL if a confirmed one is there. Gives
 * the seed in base32 (RFC 4648 6). Inside the caller's transaction.
 */
const char *totp_begin(struct context *c, const struct user *user);
/* The seed of a set-up under way, in base32; NULL if there is none. */
const char *totp_pending(struct context *c, const struct user *user);
/* The otpauth:// URI of the set-up, and its QR code as an SVG picture (`data:` URI). Programs that call this link libqrencode. */
const char *totp_uri(struct context *c, const struct user *user, const char *seed);
const char *totp_qr_code(struct context *c, const char *uri);
/* Confirms the set-up inside the caller's transaction: false if the code is wrong. That code is used up. */
bool totp_confirm(struct context *c, const struct user *user, const char *code);

/* Replaces all recovery codes by ten new ones, inside the caller's transaction, and gives them to be shown once, 10 texts. */
enum { RECOVERY_CODES = 10 };
const char *const *recovery_codes_make(struct context *c, const struct user *user);

/* Takes app and recovery codes away, inside the caller's transaction; false if there was no app. */
bool totp_remove(struct context *c, const struct user *user);

#endif
