#include "lib/base/json_flat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json_check.h"

struct member {
	const char *name;
	const char *value; /* as it is written, up to the end of the text */
};

struct json_flat {
	struct arena *arena;
	size_t count;
	struct member members[];
};

/* All below walks text that json_check() passed and a NUL ends. */

static const char *behind_space(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

static const char *behind_string(const char *at)
{
	for (at++; *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at + 1;
}

static const char *behind_value(const char *at)
{
	int depth = 0;
	do {
		if (*at == '"') {
			at = behind_string(at);
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		else if (*at == '}' || *at == ']')
			depth--;
		at++;
	} while (depth > 0 || !strchr(",]}", *at)); /* the end of the text counts as found */
	return at;
}

static uint32_t hexadecimal(const char *digits)
{
	uint32_t value = 0;
	for (int i = 0; i < 4; i++) {
		uint32_t digit = (unsigned char)digits[i];
		value = value << 4 | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
	}
	return value;
}

/* The code point of \uXXXX, or of two that are a surrogate pair; moves *at behind. */
static uint32_t take_unicode(const char **at)
{
	uint32_t point = hexadecimal(*at + 2);
	*at += 6;
	if (point < 0xd800 || point > 0xdfff)
		return point;
	uint32_t low = hexadecimal(*at + 2);
	*at += 6;
	return 0x10000 + ((point & 0x3ff) << 10 | (low & 0x3ff));
}

static char *put_utf8(char *out, uint32_t point)
{
	if (point < 0x80) {
		*out++ = (char)point;
		return out;
	}
	int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
	*out++ = (char)((0xff00U >> (more + 1) & 0xff) | point >> (6 * more));
	while (more-- > 0)
		*out++ = (char)(0x80 | (point >> (6 * more) & 0x3f));
	return out;
}

/* The string that starts at the quote `at`, escapes undone: it never becomes longer. */
static const char *decode(struct arena *arena, const char *at)
{
	static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
	char *text = arena_alloc(arena, (size_t)(behind_string(at) - at));
	char *out = text;
	for (at++; *at != '"';) {
		if (*at != '\\') {
			*out++ = *at++;
		} else if (at[1] == 'u') {
			out = put_utf8(out, take_unicode(&at));
		} else {
			const char *name = strchr(names, at[1]);
			*out++ = name ? values[name - names] : at[1];
			at += 2;
		}
	}
	return text;
}

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static void read_members(struct json_flat *object, const char *at)
{
	at = behind_space(at + 1);
	while (*at != '}') {
		struct member *member = &object->members[object->count++];
		member->name = decode(object->arena, at);
		at = behind_space(behind_string(at));
		member->value = behind_space(at + 1);
		at = behind_value(member->value);
		if (*at == ',')
			at = behind_space(at + 1);
	}
}

const struct json_flat *json_flat_read(struct arena *arena, const char *text, size_t length, const char **why)
{
	const char *unused;
	struct json_extent extent;
	if (!why)
		why = &unused;
	*why = NULL;
	if (!json_check(text, length, &extent, why))
		return NULL;
	text = behind_space(arena_copy(arena, text, length));
	if (*text != '{') {
		*why = "it is no object";
		return NULL;
	}
	struct json_flat *object = arena_alloc(arena, sizeof *object + extent.strings * sizeof *object->members);
	object->arena = arena;
	read_members(object, text);
	if (object->count > 1)
		qsort(object->members, object->count, sizeof *object->members, compare_members);
	for (size_t i = 1; i < object->count; i++) {
		if (compare_members(&object->members[i - 1], &object->members[i]) == 0) {
			*why = "a member is repeated";
			return NULL;
		}
	}
	return object;
}

static const char *find(const struct json_flat *object, const char *name)
{
	for (size_t i = 0; i < object->count; i++)
		if (strcmp(object->members[i].name, name) == 0)
			return object->members[i].value;
	return NULL;
}

bool json_flat_has(const struct json_flat *object, const char *name)
{
	return find(object, name) != NULL;
}

bool json_flat_is_false(const struct json_flat *object, const char *name)
{
	const char *value = find(object, name);
	return value && *value == 'f';
}

const char *json_flat_text(const struct json_flat *object, const char *name)
{
	const char *value = find(object, name);
	return value && *value == '"' ? decode(object->arena, value) : NULL;
}

const char *const *json_flat_texts(const struct json_flat *object, const char *name, size_t *count)
{
	const char *at = find(object, name);
	*count = 0;
	if (!at || (*at != '"' && *at != '['))
		return NULL;
	bool many = *at == '[';
	/* An element has two quotes at least. */
	const char **texts = arena_alloc(object->arena, ((size_t)(behind_value(at) - at) / 2 + 1) * sizeof *texts);
	size_t found = 0;
	if (many)
		at = behind_space(at + 1);
	while (*at == '"') {
		texts[found++] = decode(object->arena, at);
		at = behind_space(behind_string(at));
		if (!many)
			break;
		if (*at == ',')
			at = behind_space(at + 1);
	}
	if (many && *at != ']')
		return NULL;
	*count = found;
	return texts;
}

static bool read_number(const struct json_flat *object, const char *name, double *number)
{
	static const double limit = 9007199254740992.0; /* 2^53: beyond it a double skips whole numbers */
	const char *value = find(object, name);
	if (!value || !strchr("-0123456789", *value))
		return false;
	*number = strtod(value, NULL);
	return fabs(*number) <= limit;
}

bool json_flat_number(const struct json_flat *object, const char *name, int64_t *number)
{
	double value;
	if (!read_number(object, name, &value) || trunc(value) != value)
		return false;
	*number = (int64_t)value;
	return true;
}

bool json_flat_seconds(const struct json_flat *object, const char *name, int64_t *seconds)
{
	double value;
	if (!read_number(object, name, &value))
		return false;
	*seconds = (int64_t)value;
	return true;
}
