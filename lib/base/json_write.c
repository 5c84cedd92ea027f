#include "lib/base/json_write.h"

#include <string.h>

#include "lib/base/utf8.h"

static void write_string(struct buffer *out, const char *text)
{
	size_t left = strlen(text);
	bool valid = utf8_valid(text, left);
	buffer_char(out, '"');
	for (; left > 0; text++, left--) {
		unsigned char byte = (unsigned char)*text;
		size_t plain = 0;
		while (plain < left && (unsigned char)text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\' &&
			(valid || (unsigned char)text[plain] < 0x80))
			plain++;
		if (plain > 0) {
			buffer_bytes(out, text, plain);
			text += plain - 1;
			left -= plain - 1;
		} else if (byte == '"' || byte == '\\') {
			buffer_char(out, '\\');
			buffer_char(out, (char)byte);
		} else if (byte == '\n') {
			buffer_text(out, "\\n");
		} else if (byte < 0x20) {
			buffer_format(out, "\\u%04x", (unsigned)byte);
		} else {
			buffer_text(out, "\\ufffd"); /* bytes that are no UTF-8 must not make the whole answer unreadable */
		}
	}
	buffer_char(out, '"');
}

/* What comes before a value: a comma where one is needed, and its name. */
static void begin_value(struct buffer *out, const char *name)
{
	char last = out->length ? out->data[out->length - 1] : '[';
	if (last != '{' && last != '[' && last != ':')
		buffer_char(out, ',');
	if (!name)
		return;
	write_string(out, name);
	buffer_char(out, ':');
}

void json_object_open(struct buffer *out, const char *name)
{
	begin_value(out, name);
	buffer_char(out, '{');
}

void json_object_close(struct buffer *out)
{
	buffer_char(out, '}');
}

void json_array_open(struct buffer *out, const char *name)
{
	begin_value(out, name);
	buffer_char(out, '[');
}

void json_array_close(struct buffer *out)
{
	buffer_char(out, ']');
}

void json_text(struct buffer *out, const char *name, const char *value)
{
	if (!value)
		return;
	begin_value(out, name);
	write_string(out, value);
}

void json_number(struct buffer *out, const char *name, int64_t value)
{
	begin_value(out, name);
	buffer_format(out, "%lld", (long long)value);
}

void json_bool(struct buffer *out, const char *name, bool value)
{
	begin_value(out, name);
	buffer_text(out, value ? "true" : "false");
}

void json_raw(struct buffer *out, const char *name, const char *json)
{
	if (!json)
		return;
	begin_value(out, name);
	buffer_text(out, json);
}

void json_words(struct buffer *out, const char *name, const char *words)
{
	json_array_open(out, name);
	const char *cursor = words;
	while (cursor && *cursor) {
		size_t length = strcspn(cursor, " ");
		if (length > 0)
			json_text(out, NULL, arena_copy(out->arena, cursor, length));
		cursor += length;
		cursor += strspn(cursor, " ");
	}
	json_array_close(out);
}

const char *json_array_next(struct arena *arena, const char **cursor)
{
	const char *at = *cursor;
	if (!at || (*at != '[' && *at != ','))
		return NULL;
	const char *start = ++at;
	if (*start == '"') {
		for (at++; *at && *at != '"'; at++)
			if (*at == '\\' && at[1])
				at++;
		if (*at != '"')
			return NULL;
		at++;
	} else {
		at += strcspn(at, ",]{[\"");
	}
	if (at == start || (*at != ',' && *at != ']'))
		return NULL;
	*cursor = at;
	return arena_copy(arena, start, (size_t)(at - start));
}
