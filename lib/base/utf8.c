#include "lib/base/utf8.h"

#include <stdint.h>
#include <string.h>

enum { EIGHT = 8 };

/* Reads one code point; gives its length in bytes, 0 if the bytes are no UTF-8. */
static size_t decode(const unsigned char *bytes, size_t length, uint32_t *code)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (length == 0)
		return 0;
	if (bytes[0] < 0x80) {
		*code = bytes[0];
		return 1;
	}
	size_t size = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || size > length)
		return 0;
	uint32_t value = bytes[0] & (0xffU >> (size + 1));
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	if (value < smallest[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code = value;
	return size;
}

/* Whether eight bytes follow and none has its highest bit set: most text, eight times as fast. */
static bool is_ascii(const unsigned char *bytes, size_t length)
{
	uint64_t eight;
	if (length < EIGHT)
		return false;
	memcpy(&eight, bytes, EIGHT);
	return (eight & 0x8080808080808080U) == 0;
}

bool utf8_valid(const char *bytes, size_t length)
{
	const unsigned char *at = (const unsigned char *)bytes;
	uint32_t code;
	while (length > 0) {
		size_t size = is_ascii(at, length) ? EIGHT : decode(at, length, &code);
		if (size == 0)
			return false;
		at += size;
		length -= size;
	}
	return true;
}

size_t utf8_count(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		if (((unsigned char)*text & 0xc0) != 0x80)
			count++;
	return count;
}

static bool is_control(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code <= 0x9f))
		return true;
	return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

bool utf8_has_controls(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t length = strlen(text);
	uint32_t code;
	while (length > 0) {
		size_t size = decode(at, length, &code);
		if (size == 0 || is_control(code))
			return true;
		at += size;
		length -= size;
	}
	return false;
}
