#include "lib/identity/password.h"
#include "lib/records/user_store.h"

struct password_subject password_subject_of(struct arena *arena, const char *username, const struct claims *claims)
{
	static const char *const names[] = { "name", "given_name", "family_name", "middle_name", "nickname", "phone_number" };
	struct password_subject subject = { .username = username, .email = claims_text(arena, claims, "email") };

	for (size_t i = 0; i < sizeof names / sizeof *names && i < PASSWORD_NAMES; i++)
		subject.names[i] = claims_text(arena, claims, names[i]);
	return subject;
}
