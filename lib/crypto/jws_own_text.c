/* Reads one text out of a payload that lib/base/json_write.c wrote. Whatever the text is, it ends at its NUL. */
#include <stdint.h>
#include <string.h>

#include "lib/crypto/jws.h"

/* Behind the string that starts at the quote `at`; NULL if it does not end. */
static const char *behind_string(const char *at)
{
	for (at++; *at != '\0'; at++) {
		if (*at == '"')
			return at + 1;
		if (*at == '\\' && *++at == '\0')
			return NULL;
	}
	return NULL;
}

/* Behind the value that starts at `at`; NULL if it does not end. */
static const char *behind_value(const char *at)
{
	size_t depth = 0;

	while (*at != '\0') {
		if (*at == '"') {
			at = behind_string(at);
			if (at == NULL)
				return NULL;
		} else {
			if (*at == '{' || *at == '[')
				depth++;
			else if (depth > 0 && (*at == '}' || *at == ']'))
				depth--;
			at++;
		}
		if (depth == 0 && (*at == ',' || *at == '}'))
			return at;
	}
	return NULL;
}

/* Four hexadecimal digits as a number; -1 if they are not. */
static int32_t hexadecimal(const char *text)
{
	int32_t value = 0;

	for (int i = 0; i < 4; i++) {
		char digit = text[i];

		if (digit >= '0' && digit <= '9')
			value = value * 16 + (digit - '0');
		else if (digit >= 'a' && digit <= 'f')
			value = value * 16 + (digit - 'a' + 10);
		else if (digit >= 'A' && digit <= 'F')
			value = value * 16 + (digit - 'A' + 10);
		else
			return -1;
	}
	return value;
}

/* Writes a code point as UTF-8; gives how many bytes. */
static size_t put_utf8(char *out, int32_t point)
{
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (char)(0xc0 | point >> 6);
		out[1] = (char)(0x80 | (point & 63));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (char)(0xe0 | point >> 12);
		out[1] = (char)(0x80 | (point >> 6 & 63));
		out[2] = (char)(0x80 | (point & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | point >> 18);
	out[1] = (char)(0x80 | (point >> 12 & 63));
	out[2] = (char)(0x80 | (point >> 6 & 63));
	out[3] = (char)(0x80 | (point & 63));
	return 4;
}

/* Reads the code point of \uXXXX, or of two that are a surrogate pair, and moves *at behind; -1 for half a pair and for NUL. */
static int32_t take_unicode(const char **at)
{
	int32_t point = hexadecimal(*at);
	int32_t low;

	if (point <= 0)
		return -1;
	*at += 4;
	if (point < 0xd800 || point > 0xdfff)
		return point;
	if (point > 0xdbff || (*at)[0] != '\\' || (*at)[1] != 'u')
		return -1;
	low = hexadecimal(*at + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return -1;
	*at += 6;
	return 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
}

/* The string between `at` (behind its quote) and `end` (its last quote), escapes undone; NULL if one is malformed. */
static char *unescape(struct arena *arena, const char *at, const char *end)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	char *text = arena_alloc(arena, (size_t)(end - at) + 1);
	size_t length = 0;

	while (at < end) {
		const char *name;
		int32_t point;

		if (*at != '\\') {
			text[length++] = *at++;
			continue;
		}
		at++;
		name = strchr(names, *at);
		if (name != NULL && *name != '\0') {
			text[length++] = values[name - names];
			at++;
			continue;
		}
		if (*at++ != 'u' || (point = take_unicode(&at)) < 0)
			return NULL;
		length += put_utf8(text + length, point);
	}
	return text;
}

const char *jws_own_text(struct arena *arena, const char *payload, const char *name)
{
	size_t length = strlen(name);
	const char *at = payload;

	if (*at != '{')
		return NULL;
	do {
		const char *member = ++at;
		bool wanted;

		at = *member == '"' ? behind_string(member) : NULL;
		if (at == NULL || *at != ':')
			return NULL;
		wanted = (size_t)(at - member) == length + 2 && memcmp(member + 1, name, length) == 0;
		member = ++at;
		at = behind_value(member);
		if (at != NULL && wanted)
			return *member == '"' && behind_string(member) == at ? unescape(arena, member + 1, at - 1) : NULL;
	} while (at != NULL && *at == ',');
	return NULL;
}
