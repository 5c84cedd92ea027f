#include "lib/identity/username.h"

#include <string.h>

bool username_is_valid(const char *username)
{
	static const char letters_and_digits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t length = strlen(username);
	if (length == 0 || length > USERNAME_LONGEST || !strchr(letters_and_digits, username[0]))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!strchr(letters_and_digits, username[i]) && !strchr("._-", username[i]))
			return false;
	return true;
}
