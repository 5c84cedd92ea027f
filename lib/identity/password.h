/* What a new password must be (NIST SP 800-63B-4 3.1.1.2): long enough, any characters, no rules of composition. */
#ifndef LATCHKEY_IDENTITY_PASSWORD_H
#define LATCHKEY_IDENTITY_PASSWORD_H

#include "lib/base/config.h"

enum { PASSWORD_LONGEST = 256 }; /* code points */

/* The key of a message that says what to do better; NULL if the password will do. `username` may be NULL. */
const char *password_problem(const struct config *config, const char *username, const char *password);

/* The purpose that a user's password is sealed for. */
char *password_purpose(struct arena *arena, const char *user_id);

#endif
