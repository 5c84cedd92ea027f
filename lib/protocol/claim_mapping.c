#include "lib/protocol/claim_mapping.h"

#include <string.h>

#include "lib/base/json.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/protocol/claim_names.h"

enum { MAPPINGS_MOST = 32, CONSTANT_LONGEST = 1024 };

#define SOURCE_TYPES "string integer boolean array raw"

/* One claim as a line. NULL, or what is wrong. */
static const char *compile(struct arena *arena, struct buffer *lines, const struct cJSON *mapping)
{
	const char *name = json_name(mapping);
	const struct cJSON *value = json_member(mapping, "value");
	const char *source = json_string(json_member(mapping, "claim"));
	const struct cJSON *type = json_member(mapping, "type");
	const char *kind = type ? json_string(type) : "raw";

	if (!claim_name_is_valid(name))
		return "claim_mapping: a claim's name must be 1 to 128 visible ASCII characters.";
	if (claim_name_is_reserved(name))
		return arena_format(arena, "claim_mapping: %s is set by the server itself.", name);
	for (const struct cJSON *item = json_next(mapping, NULL); item; item = json_next(mapping, item))
		if (!words_contain("value claim type", json_name(item)))
			return arena_format(arena, "claim_mapping: %s has a member other than value, claim and type.", name);
	if (value && !source && !type) {
		const char *constant = json_print(arena, value);

		if (strlen(constant) > CONSTANT_LONGEST)
			return arena_format(arena, "claim_mapping: the value of %s is longer than %d bytes.", name, CONSTANT_LONGEST);
		buffer_format(lines, "%s\tconstant\t%s\n", name, constant);
		return NULL;
	}
	if (value || !source || !claim_name_is_valid(source))
		return arena_format(arena, "claim_mapping: %s needs either a value, or the name of a claim (and its type).", name);
	if (!kind || !words_contain(SOURCE_TYPES, kind))
		return arena_format(arena, "claim_mapping: the type of %s must be one of: %s.", name, SOURCE_TYPES);
	buffer_format(lines, "%s\t%s\t%s\n", name, kind, source);
	return NULL;
}

const char *claim_mapping_read(struct arena *arena, const struct cJSON *object, const char **error)
{
	struct buffer lines = buffer_create(arena, 128);
	int count = 0;

	*error = "claim_mapping must be an object of at most 32 claims, each {\"value\": …} or {\"claim\": …, \"type\": …}.";
	if (!json_is_object(object))
		return NULL;
	for (const struct cJSON *item = json_next(object, NULL); item; item = json_next(object, item)) {
		if (!json_is_object(item) || ++count > MAPPINGS_MOST)
			return NULL;
		if ((*error = compile(arena, &lines, item)))
			return NULL;
	}
	return lines.data;
}

/* Up to `end` (a character), which is left behind; NULL if the text is over. */
static const char *take(struct arena *arena, const char **cursor, char end)
{
	const char *start = *cursor;
	const char *stop = strchr(start, end);

	if (!stop)
		return NULL;
	*cursor = stop + 1;
	return arena_copy(arena, start, (size_t)(stop - start));
}

void claim_mapping_write(struct buffer *out, const char *name, const char *lines)
{
	json_object_open(out, name);
	for (const char *cursor = lines; *cursor;) {
		const char *claim = take(out->arena, &cursor, '\t');
		const char *kind = claim ? take(out->arena, &cursor, '\t') : NULL;
		const char *what = kind ? take(out->arena, &cursor, '\n') : NULL;

		if (!what)
			break;
		json_object_open(out, claim);
		if (text_equal(kind, "constant")) {
			json_raw(out, "value", what);
		} else {
			json_text(out, "claim", what);
			json_text(out, "type", kind);
		}
		json_object_close(out);
	}
	json_object_close(out);
}
