/*
 * What a new password must be (NIST SP 800-63B-4 3.1.1.2): long enough, any characters, no rules of composition; not one
 * that is known, or soon guessed, or says what everybody knows of its user.
 */
#ifndef LATCHKEY_IDENTITY_PASSWORD_H
#define LATCHKEY_IDENTITY_PASSWORD_H

#include "lib/base/config.h"

enum { PASSWORD_LONGEST = 256, PASSWORD_NAMES = 6 }; /* code points; names that are looked at */

struct claims;

/* Whose password it is to be; all may be NULL. */
struct password_subject {
	const char *username;
	const char *email;
	const char *names[PASSWORD_NAMES];
	bool second_factor; /* second_factor_guards(): a shorter password will do */
};

/* The key of a message that says what to do better ({min_length}: password_least()); NULL if the password will do. */
const char *password_check(struct arena *arena, const struct config *config, const struct password_subject *subject,
	const char *password);

/* The subject that a user's claims tell of; `second_factor` is the caller's to set. */
struct password_subject password_subject_of(struct arena *arena, const char *username, const struct claims *claims);

/* How hard the password is to guess, 0 to 4, whether or not it will do. */
int password_score(struct arena *arena, const struct config *config, const struct password_subject *subject, const char *password);

/* The least number of code points. */
int64_t password_least(const struct config *config, bool second_factor);

/* Whether it would not do for who has no second factor: what users.password_short says. */
bool password_is_short(struct arena *arena, const struct config *config, const char *password);

/*
 * The form in which a password is counted, checked and hashed (NFC, RFC 8265 4.2.2): keyboards differ in how they write
 * "ä". What is not UTF-8 stays as it is.
 */
const char *password_normalise(struct arena *arena, const char *password);

/* The purpose that a user's password is sealed for. */
char *password_purpose(struct arena *arena, const char *user_id);

#endif
