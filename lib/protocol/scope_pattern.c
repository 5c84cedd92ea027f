#include "lib/protocol/scope_pattern.h"

#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/http/parameters.h"
#include "lib/protocol/scope.h"

enum { DESCRIPTION_LONGEST = 200 };

static bool part_is_wildcard(const char *part, size_t length)
{
	return length == 1 && *part == '*';
}

static bool part_matches(const char *pattern, size_t pattern_length, const char *part, size_t length)
{
	if (part_is_wildcard(pattern, pattern_length))
		return length >= 1 && length <= SCOPE_PART_LONGEST;
	return length == pattern_length && memcmp(pattern, part, length) == 0;
}

/* The pattern is a word of a list: it ends at a space as well. */
static bool word_matches(const char *pattern, const char *scope)
{
	for (;;) {
		size_t pattern_length = strcspn(pattern, ": "), length = strcspn(scope, ":");
		if (!part_matches(pattern, pattern_length, scope, length))
			return false;
		pattern += pattern_length;
		scope += length;
		if (*pattern != ':' || *scope != ':')
			return *pattern != ':' && *scope != ':';
		pattern++;
		scope++;
	}
}

bool scope_matches(const char *pattern, const char *scope)
{
	return !strchr(scope, '*') && word_matches(pattern, scope);
}

bool scope_matches_any(const char *list, const char *scope)
{
	if (!list || strchr(scope, '*'))
		return false;
	for (list += strspn(list, " "); *list; list += strspn(list, " ")) {
		if (word_matches(list, scope))
			return true;
		list += strcspn(list, " ");
	}
	return false;
}

/* The part of `scope` that stands where the pattern has its n-th *; NULL if there is none. */
static const char *nth_part(struct arena *arena, const char *pattern, const char *scope, int n)
{
	for (;;) {
		size_t pattern_length = strcspn(pattern, ":"), length = strcspn(scope, ":");
		if (part_is_wildcard(pattern, pattern_length) && --n == 0)
			return arena_copy(arena, scope, length);
		if (!pattern[pattern_length] || !scope[length])
			return NULL;
		pattern += pattern_length + 1;
		scope += length + 1;
	}
}

/* The digit of a {1} to {9} that begins here; 0 if none does. */
static int placeholder(const char *text)
{
	return text[0] == '{' && text[1] >= '1' && text[1] <= '9' && text[2] == '}' ? text[1] - '0' : 0;
}

char *scope_fill(struct arena *arena, const char *description, const char *pattern, const char *scope)
{
	struct buffer out = buffer_create(arena, 128);
	while (*description) {
		int n = placeholder(description);
		const char *part = n ? nth_part(arena, pattern, scope, n) : NULL;
		if (part)
			buffer_text(&out, part);
		else
			buffer_char(&out, *description);
		description += part ? 3 : 1;
	}
	return out.data;
}

static int wildcards(const char *name)
{
	int count = 0;
	for (; *name; name++)
		count += *name == '*';
	return count;
}

const char *scope_name_problem(struct arena *arena, const char *name)
{
	if (text_empty(name) || strlen(name) > SCOPE_LONGEST || !is_words(name) || strchr(name, ' '))
		return arena_format(arena, "A scope is 1 to %d visible ASCII characters without \" and \\ (RFC 6749 3.3).", SCOPE_LONGEST);
	if (words_contain(SCOPES_SUPPORTED, name))
		return arena_format(arena, "%s is a scope of OpenID Connect and known already.", name);
	if (text_starts_with(name, SCOPE_RESOURCE_PREFIX))
		return "Words that begin with " SCOPE_RESOURCE_PREFIX " stand for resources, where consent is kept.";
	if (name[0] == '*')
		return "A pattern must begin with a part of its own: read:*.";
	for (const char *part = name;; part++) {
		size_t length = strcspn(part, ":");
		if (memchr(part, '*', length) && !part_is_wildcard(part, length))
			return "A * stands for a whole part between colons: read:organization:*.";
		part += length;
		if (!*part)
			return NULL;
	}
}

const char *scope_description_problem(const char *description, const char *name)
{
	if (text_empty(description) || strlen(description) > DESCRIPTION_LONGEST || !utf8_valid(description, strlen(description))
		|| utf8_has_controls(description))
		return "The description must be 1 to 200 bytes of text without control characters.";
	for (const char *at = description; *at; at++)
		if (placeholder(at) > wildcards(name))
			return "The description has a {number} for which the scope has no *.";
	return NULL;
}
