#include "lib/protocol/scope.h"

#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/text.h"
#include "lib/protocol/scope_pattern.h"
#include "lib/records/scope_store.h"

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

/* Where several patterns match, the longest decides, as it says more. */
static const struct registered_scope *find(struct context *c, const char *scope, const struct registered_scope **patterns,
	bool *patterns_known)
{
	const struct registered_scope *found = strchr(scope, '*') ? NULL : scope_find(c->database, scope);
	if (found || strchr(scope, '*'))
		return found;
	if (!*patterns_known)
		*patterns = scope_patterns(c->database);
	*patterns_known = true;
	for (found = *patterns; found; found = found->next)
		if (scope_matches(found->scope, scope))
			return found;
	return NULL;
}

static void add_word(struct buffer *words, const char *word)
{
	buffer_format(words, "%s%s", words->length ? " " : "", word);
}

char *scope_registered(struct context *c, const char *scope, const char *resources, bool of_issuer)
{
	const struct registered_scope *patterns = NULL;
	bool patterns_known = false;
	struct buffer out = buffer_create(c->arena, 64);
	const char *cursor = words_subtract(c->arena, scope, SCOPES_SUPPORTED);
	for (const char *word; (word = words_next(c->arena, &cursor));) {
		const struct registered_scope *found = find(c, word, &patterns, &patterns_known);
		if (found && (!resources || (found->resource ? words_contain(resources, found->resource) : of_issuer)))
			add_word(&out, word);
	}
	return out.data;
}

const char *scope_description(struct context *c, const char *scope)
{
	const struct registered_scope *patterns = NULL;
	bool patterns_known = false;
	const struct registered_scope *found = find(c, scope, &patterns, &patterns_known);
	return found ? scope_fill(c->arena, found->description, found->scope, scope) : NULL;
}

static const char *allowed(struct context *c, const struct client *client, const char *scope)
{
	struct buffer out = buffer_create(c->arena, 64);
	for (const char *word; (word = words_next(c->arena, &scope));)
		if (scope_matches_any(client->scope, word))
			add_word(&out, word);
	return out.data;
}

char *scope_granted(struct context *c, const struct client *client, const char *requested)
{
	char *granted = words_intersect(c->arena, words_intersect(c->arena, requested, SCOPES_SUPPORTED), client->scope);
	if (!words_contain(client->grant_types, "refresh_token"))
		granted = words_subtract(c->arena, granted, "offline_access");
	/* What the client may not have costs no query. */
	const char *others = allowed(c, client, words_subtract(c->arena, requested, SCOPES_SUPPORTED));
	if (!*others)
		return granted;
	const char *registered = scope_registered(c, others, NULL, true);
	return words_intersect(c->arena, requested, words_union(c->arena, granted, registered));
}
