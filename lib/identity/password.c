/* What signing in needs too; the rules for new ones, with their dictionaries, are in password_check.c. */
#include "lib/identity/password.h"

#include <string.h>

#include <uninorm.h>

#include "lib/base/utf8.h"

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

const char *password_normalise(struct arena *arena, const char *password)
{
	/* In UTF-8 composing makes a text three times as long at most (UAX 15 9): it fits, and nothing is allocated. */
	size_t length = strlen(password), written = 3 * length;

	if (is_ascii(password) || !utf8_valid(password, length))
		return password;
	char *normal = arena_alloc(arena, written + 1);
	if (u8_normalize(UNINORM_NFC, (const uint8_t *)password, length, (uint8_t *)normal, &written) != (uint8_t *)normal)
		return password;
	normal[written] = '\0';
	return normal;
}

bool password_is_short(struct arena *arena, const struct config *config, const char *password)
{
	return utf8_count(password_normalise(arena, password)) < (size_t)config->password_min_length;
}

char *password_purpose(struct arena *arena, const char *user_id)
{
	return arena_format(arena, "users.password:%s", user_id);
}
