#include "lib/protocol/scope.h"

#include "lib/base/text.h"

const char *scope_claims(const char *scope)
{
	static const struct {
		const char *scope, *claims;
	} table[] = {
		{ "profile", "name family_name given_name middle_name nickname preferred_username profile picture website "
			"gender birthdate zoneinfo locale updated_at" },
		{ "email", "email email_verified" },
		{ "address", "address" },
		{ "phone", "phone_number phone_number_verified" },
		{ "groups", "groups" },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (text_equal(table[i].scope, scope))
			return table[i].claims;
	return "";
}

char *scope_granted(struct arena *arena, const struct client *client, const char *requested)
{
	char *granted = words_intersect(arena, words_intersect(arena, requested, SCOPES_SUPPORTED), client->scope);
	if (!words_contain(client->grant_types, "refresh_token"))
		granted = words_subtract(arena, granted, "offline_access");
	return granted;
}
