#include "lib/base/json_check.h"

#include <string.h>

#include "lib/base/utf8.h"

/* cJSON reads at most 63 characters of a number. */
enum { NUMBER_LIMIT = 60 };

/* Each function moves `at` on, or says why not. */
struct scan {
	const char *at;
	const char *end;
	int depth;
	struct json_extent extent;
	const char *why;
};

static bool wrong(struct scan *scan, const char *why)
{
	scan->why = why;
	return false;
}

static void skip_space(struct scan *scan)
{
	while (scan->at < scan->end && memchr(" \t\r\n", *scan->at, 4))
		scan->at++;
}

static bool next_is(struct scan *scan, char character)
{
	if (scan->at == scan->end || *scan->at != character)
		return false;
	scan->at++;
	return true;
}

static bool scan_literal(struct scan *scan, const char *literal)
{
	size_t length = strlen(literal);
	if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, literal, length) != 0)
		return wrong(scan, "there is a value that is no JSON");
	scan->at += length;
	return true;
}

static size_t scan_digits(struct scan *scan)
{
	size_t count = 0;
	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9') {
		scan->at++;
		count++;
	}
	return count;
}

static bool scan_number(struct scan *scan)
{
	const char *start = scan->at;
	next_is(scan, '-');
	const char *first = scan->at;
	size_t digits = scan_digits(scan);
	if (digits == 0 || (digits > 1 && *first == '0'))
		return wrong(scan, "there is a malformed number");
	if (next_is(scan, '.') && scan_digits(scan) == 0)
		return wrong(scan, "there is a malformed number");
	if (next_is(scan, 'e') || next_is(scan, 'E')) {
		if (!next_is(scan, '-'))
			next_is(scan, '+');
		if (scan_digits(scan) == 0)
			return wrong(scan, "there is a malformed number");
	}
	if (scan->at - start > NUMBER_LIMIT)
		return wrong(scan, "there is a number that is too long");
	return true;
}

/* The four digits of a \u escape; -1 if they are none. */
static int scan_hex(struct scan *scan)
{
	int value = 0;
	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef0123456789ABCDEF";
		const char *digit = scan->at < scan->end ? memchr(digits, *scan->at, 32) : NULL;
		if (!digit)
			return -1;
		value = value * 16 + (int)((digit - digits) % 16);
		scan->at++;
	}
	return value;
}

static bool scan_escape(struct scan *scan)
{
	if (scan->at == scan->end)
		return wrong(scan, "a string does not end");
	char kind = *scan->at++;
	if (kind && strchr("\"\\/bfnrt", kind))
		return true;
	int unit = kind == 'u' ? scan_hex(scan) : -1;
	if (unit < 0)
		return wrong(scan, "there is a malformed escape in a string");
	if (unit == 0)
		return wrong(scan, "there is a \\u0000 in a string");
	if (unit < 0xd800 || unit > 0xdfff)
		return true;
	if (unit > 0xdbff || !next_is(scan, '\\') || !next_is(scan, 'u'))
		return wrong(scan, "there is half of a surrogate pair in a string");
	unit = scan_hex(scan);
	if (unit < 0xdc00 || unit > 0xdfff)
		return wrong(scan, "there is half of a surrogate pair in a string");
	return true;
}

static bool scan_string(struct scan *scan)
{
	if (!next_is(scan, '"'))
		return wrong(scan, "there is a name that is no string");
	const char *start = scan->at;
	while (!next_is(scan, '"')) {
		if (scan->at == scan->end)
			return wrong(scan, "a string does not end");
		if ((unsigned char)*scan->at < 0x20)
			return wrong(scan, "there is a control character in a string");
		if (*scan->at++ == '\\' && !scan_escape(scan))
			return false;
	}
	scan->extent.strings++;
	scan->extent.string_bytes += (size_t)(scan->at - start);
	return true;
}

static bool scan_value(struct scan *scan);

/* The inside of an array, or of an object, up to its end. */
static bool scan_list(struct scan *scan, char end, bool names)
{
	if (scan->depth == JSON_DEPTH_LIMIT)
		return wrong(scan, "it is nested too deep");
	scan->depth++;
	skip_space(scan);
	bool more = !next_is(scan, end);
	while (more) {
		skip_space(scan);
		if (names) {
			if (!scan_string(scan))
				return false;
			skip_space(scan);
			if (!next_is(scan, ':'))
				return wrong(scan, "a colon is missing");
		}
		if (!scan_value(scan))
			return false;
		if (next_is(scan, end))
			more = false;
		else if (!next_is(scan, ','))
			return wrong(scan, "a comma or a closing bracket is missing");
	}
	scan->depth--;
	return true;
}

static bool scan_any(struct scan *scan)
{
	if (scan->at == scan->end)
		return wrong(scan, "a value is missing");
	switch (*scan->at) {
	case '{':
		scan->at++;
		return scan_list(scan, '}', true);
	case '[':
		scan->at++;
		return scan_list(scan, ']', false);
	case '"':
		return scan_string(scan);
	case 't':
		return scan_literal(scan, "true");
	case 'f':
		return scan_literal(scan, "false");
	case 'n':
		return scan_literal(scan, "null");
	default:
		return scan_number(scan);
	}
}

static bool scan_value(struct scan *scan)
{
	scan->extent.values++;
	skip_space(scan);
	if (!scan_any(scan))
		return false;
	skip_space(scan);
	return true;
}

bool json_check(const char *text, size_t length, struct json_extent *extent, const char **why)
{
	struct scan scan = { .at = text, .end = text + length };
	if (!utf8_valid(text, length)) {
		*why = "it is not valid UTF-8";
		return false;
	}
	if (!scan_value(&scan) || scan.at != scan.end) {
		*why = scan.why ? scan.why : "there is something after the value";
		return false;
	}
	if (extent)
		*extent = scan.extent;
	return true;
}
