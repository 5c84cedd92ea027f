#include "lib/identity/password_strength.h"

#include <string.h>

#include <zxcvbn.h>

enum { JUDGED_BYTES = 100 }; /* zxcvbn's time grows with the square of the length, and more */

/* Bits of 10^3, 10^6, 10^8 and 10^10 guesses. */
static const double bits_of_score[PASSWORD_SCORE_MOST] = { 9.97, 19.93, 26.58, 33.22 };

static int kind_of(const ZxcMatch_t *part)
{
	return (int)part->Type & ~(int)MULTIPLE_MATCH;
}

/* What makes it weak: the kind of the longest part that is guessed rather than tried out. */
static const char *problem_of(const ZxcMatch_t *parts)
{
	const ZxcMatch_t *longest = NULL;

	for (; parts; parts = parts->Next)
		if (kind_of(parts) != BRUTE_MATCH && (!longest || parts->Length > longest->Length))
			longest = parts;
	switch (longest ? kind_of(longest) : NON_MATCH) {
	case USER_MATCH:
	case USER_LEET_MATCH:
		return "password_personal";
	case REPEATS_MATCH:
	case SEQUENCE_MATCH:
	case SPATIAL_MATCH:
	case DATE_MATCH:
	case YEAR_MATCH:
		return "password_pattern";
	default:
		return longest && (int)longest->Type & (int)MULTIPLE_MATCH ? "password_pattern" : "password_guessable";
	}
}

struct password_strength password_strength_of(const char *password, const char *const *known)
{
	struct password_strength strength = { 0, NULL };
	char judged[JUDGED_BYTES + 1];
	ZxcMatch_t *parts = NULL;

	size_t length = strnlen(password, JUDGED_BYTES);
	memcpy(judged, password, length);
	judged[length] = '\0';
	/* It only reads the list. */
	double bits = length > 0 ? ZxcvbnMatch(judged, (const char **)(void *)known, &parts) : 0;
	while (strength.score < PASSWORD_SCORE_MOST && bits >= bits_of_score[strength.score])
		strength.score++;
	if (strength.score < PASSWORD_SCORE_NEEDED)
		strength.problem = problem_of(parts);
	ZxcvbnFreeInfo(parts);
	explicit_bzero(judged, sizeof judged);
	return strength;
}
