/* How many guesses a password takes who knows how people choose them, and knows this user: by zxcvbn. */
#ifndef LATCHKEY_IDENTITY_PASSWORD_STRENGTH_H
#define LATCHKEY_IDENTITY_PASSWORD_STRENGTH_H

enum { PASSWORD_SCORE_MOST = 4, PASSWORD_SCORE_NEEDED = 3 }; /* 3: 10^8 guesses, each of which takes an Argon2id */

struct password_strength {
	int score;           /* 0 to PASSWORD_SCORE_MOST */
	const char *problem; /* the key of a message that says what to do better; NULL: strong enough */
};

/* `known` are texts that a guesser tries first, ended by NULL. Programs that call this link libzxcvbn, a shared library. */
struct password_strength password_strength_of(const char *password, const char *const *known);

#endif
