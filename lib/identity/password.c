#include "lib/identity/password.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/base/utf8.h"

const char *password_problem(const struct config *config, const char *username, const char *password)
{
	if (!utf8_valid(password, strlen(password)) || utf8_has_controls(password))
		return "password_malformed";
	size_t length = utf8_count(password);
	if (length < (size_t)config->password_min_length)
		return "password_too_short";
	if (length > PASSWORD_LONGEST)
		return "password_too_long";
	if (username && text_equal_ignoring_case(username, password))
		return "password_is_username";
	return NULL;
}

char *password_purpose(struct arena *arena, const char *user_id)
{
	return arena_format(arena, "users.password:%s", user_id);
}
