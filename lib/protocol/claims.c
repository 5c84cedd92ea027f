#include "lib/protocol/claims.h"

#include <string.h>

#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/protocol/claim_names.h"
#include "lib/protocol/scope.h"

static char *json_of_text(struct arena *arena, const char *text)
{
	struct buffer out = buffer_create(arena, 64);
	json_text(&out, NULL, text);
	return out.data;
}

/* An array of those groups that begin with a word of the filter; big tokens overflow the cookies of applications. */
static const char *filter_groups(struct arena *arena, const char *json, const char *filter)
{
	struct buffer out = buffer_create(arena, 64);
	json_array_open(&out, NULL);
	for (const char *cursor = json, *group; (group = json_array_next(arena, &cursor));) {
		bool kept = text_empty(filter);
		for (const char *words = filter, *word; !kept && (word = words_next(arena, &words));)
			kept = text_starts_with(group + 1, word); /* past the quote */
		if (kept)
			json_raw(&out, NULL, group);
	}
	json_array_close(&out);
	return out.data;
}

/* A claim as JSON; NULL if the user does not have it. */
static const char *value_of(struct arena *arena, const struct claim_rules *rules, const struct user *user,
	const struct claims *claims, const char *name)
{
	if (text_equal(name, "sub"))
		return json_of_text(arena, user->user_id);
	if (text_equal(name, "preferred_username"))
		return json_of_text(arena, user->username);
	const char *json = claims_find(claims, name);
	if (text_equal(name, "name") && (!json || text_equal(json, "\"\"")))
		return json_of_text(arena, user->username);
	if (text_equal(name, "email_verified"))
		return json ? json : claims_find(claims, "email") ? "false" : NULL;
	if (text_equal(name, "groups"))
		return filter_groups(arena, json ? json : "[]", rules->groups_filter);
	return json;
}

static void write_words(struct buffer *out, const struct claim_rules *rules, const struct user *user,
	const struct claims *claims, const char *names)
{
	for (const char *cursor = names, *name; (name = words_next(out->arena, &cursor));) {
		const char *json = value_of(out->arena, rules, user, claims, name);
		if (json)
			json_raw(out, name, json);
	}
}

/* The unquoted form of a JSON string that holds only plain characters; NULL otherwise. */
static char *plain_text(struct arena *arena, const char *json)
{
	size_t length = strlen(json);
	if (length < 2 || json[0] != '"' || strchr(json, '\\'))
		return NULL;
	return arena_copy(arena, json + 1, length - 2);
}

/* A value in the type that an application wants: MinIO a string, Mattermost an integer, others a list. */
static const char *converted(struct arena *arena, const char *json, const char *type)
{
	bool is_text = json[0] == '"', is_array = json[0] == '[', is_object = json[0] == '{';
	int64_t number;
	if (text_equal(type, "raw"))
		return json;
	if (text_equal(type, "array"))
		return is_array ? json : arena_format(arena, "[%s]", json);
	if (is_array) { /* the first element stands for the list */
		const char *cursor = json;
		json = json_array_next(arena, &cursor);
		if (!json)
			return NULL;
		is_text = json[0] == '"';
	}
	if (is_object)
		return NULL;
	if (text_equal(type, "string"))
		return is_text ? json : arena_format(arena, "\"%s\"", json);
	const char *plain = is_text ? plain_text(arena, json) : json;
	if (text_equal(type, "integer")) {
		bool negative = plain && *plain == '-';
		return text_to_number(negative ? plain + 1 : plain, &number)
			? arena_format(arena, "%s%lld", negative ? "-" : "", (long long)number) : NULL;
	}
	if (text_equal(type, "boolean"))
		return text_equal(plain, "true") || text_equal(plain, "false") ? plain : NULL;
	return NULL;
}

/* Lines of claim, tab, type, tab, source: see schema.sql. */
static const char *next_line(struct arena *arena, const char **cursor, char *fields[3])
{
	const char *line = *cursor;
	if (!line || !*line)
		return NULL;
	size_t length = strcspn(line, "\n");
	*cursor = line[length] ? line + length + 1 : NULL;
	char *copy = arena_copy(arena, line, length);
	fields[0] = copy;
	fields[1] = strchr(copy, '\t');
	fields[2] = fields[1] ? strchr(fields[1] + 1, '\t') : NULL;
	if (!fields[2])
		return NULL;
	*fields[1]++ = '\0';
	*fields[2]++ = '\0';
	return copy;
}

static const char *mapped_names(struct arena *arena, const struct claim_rules *rules)
{
	struct buffer names = buffer_create(arena, 64);
	char *fields[3];
	for (const char *cursor = rules->mapping; next_line(arena, &cursor, fields);)
		buffer_format(&names, "%s%s", names.length ? " " : "", fields[0]);
	return names.data;
}

static void write_mapping(struct buffer *out, const struct claim_rules *rules, const struct user *user, const struct claims *claims)
{
	char *fields[3];
	for (const char *cursor = rules->mapping; next_line(out->arena, &cursor, fields);) {
		if (claim_name_is_reserved(fields[0]))
			continue;
		const char *json = fields[2];
		if (!text_equal(fields[1], "constant")) {
			json = value_of(out->arena, rules, user, claims, fields[2]);
			json = json ? converted(out->arena, json, fields[1]) : NULL;
		}
		if (json)
			json_raw(out, fields[0], json);
	}
}

void claims_write(struct buffer *out, const struct claim_rules *rules, const struct user *user, const struct claims *claims,
	const char *scope, const char *wanted)
{
	struct arena *arena = out->arena;
	const char *names = "";
	for (const char *cursor = scope, *word; (word = words_next(arena, &cursor));)
		names = words_union(arena, names, scope_claims(word));
	names = words_union(arena, names, words_intersect(arena, wanted, CLAIMS_SUPPORTED));
	if (words_contain(names, "email")) /* applications take an address without it for unproven, or for an error */
		names = words_union(arena, names, "email_verified");
	names = words_subtract(arena, names, "sub iss aud exp iat auth_time nonce acr amr at_hash sid");
	if (rules->mapping[0])
		names = words_subtract(arena, names, mapped_names(arena, rules));
	write_words(out, rules, user, claims, names);
	write_mapping(out, rules, user, claims);
}
