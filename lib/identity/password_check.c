#include <string.h>

#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/identity/breached_passwords.h"
#include "lib/identity/password.h"
#include "lib/identity/password_strength.h"

enum {
	KNOWN_MOST = 32,
	KNOWN_LONGEST = 64,  /* bytes of one text that a guesser knows */
	KNOWN_SHORTEST = 3,  /* shorter ones are in every password by chance */
};

struct known {
	struct arena *arena;
	const char *texts[KNOWN_MOST + 1]; /* ended by NULL */
	int count;
};

static void add(struct known *known, const char *text, size_t length)
{
	if (known->count < KNOWN_MOST && length >= KNOWN_SHORTEST && length <= KNOWN_LONGEST)
		known->texts[known->count++] = text_lowercase(known->arena, arena_copy(known->arena, text, length));
}

/* A text and the words in it: "Ada Lovelace", "ada.lovelace", "example.org". */
static void add_words(struct known *known, const char *text)
{
	static const char between[] = " .-_@+,'\"";
	if (!text)
		return;
	size_t whole = strlen(text);
	add(known, text, whole);
	if (strcspn(text, between) == whole)
		return;
	for (const char *word = text; *(word += strspn(word, between)); word += strcspn(word, between))
		add(known, word, strcspn(word, between));
}

static const char *const *known_of(struct arena *arena, const struct config *config, const struct password_subject *subject)
{
	struct known *known = arena_alloc(arena, sizeof *known);
	known->arena = arena;
	add_words(known, subject->username);
	add_words(known, subject->email);
	for (int i = 0; i < PASSWORD_NAMES; i++)
		add_words(known, subject->names[i]);
	add_words(known, config->site_name);
	return known->texts;
}

static bool is_personal(struct arena *arena, const struct password_subject *subject, const char *password)
{
	const char *email = subject->email ? password_normalise(arena, subject->email) : NULL;
	const char *at = email ? strrchr(email, '@') : NULL;
	if (email && text_equal_ignoring_case(email, password))
		return true;
	if (at && text_equal_ignoring_case(arena_copy(arena, email, (size_t)(at - email)), password))
		return true;
	for (int i = 0; i < PASSWORD_NAMES; i++)
		if (subject->names[i] && text_equal_ignoring_case(password_normalise(arena, subject->names[i]), password))
			return true;
	return false;
}

int64_t password_least(const struct config *config, bool second_factor)
{
	return second_factor ? config->password_min_length_second_factor : config->password_min_length;
}

const char *password_check(struct arena *arena, const struct config *config, const struct password_subject *subject,
	const char *password)
{
	if (!utf8_valid(password, strlen(password)) || utf8_has_controls(password))
		return "password_malformed";
	/* Far more than any that is allowed, and normalising is work. */
	if (strlen(password) > (size_t)PASSWORD_LONGEST * 16)
		return "password_too_long";
	password = password_normalise(arena, password);
	size_t length = utf8_count(password);
	if (length < (size_t)password_least(config, subject->second_factor))
		return "password_too_short";
	if (length > PASSWORD_LONGEST)
		return "password_too_long";
	if (subject->username && text_equal_ignoring_case(subject->username, password))
		return "password_is_username";
	if (is_personal(arena, subject, password))
		return "password_personal";
	if (breached_passwords_have(config->breached_passwords, password))
		return "password_breached";
	return password_strength_of(password, known_of(arena, config, subject)).problem;
}

int password_score(struct arena *arena, const struct config *config, const struct password_subject *subject, const char *password)
{
	return password_strength_of(password_normalise(arena, password), known_of(arena, config, subject)).score;
}
