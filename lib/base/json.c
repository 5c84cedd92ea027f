#include "lib/base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json_write.h"
#include "lib/base/utf8.h"

/* cJSON reads at most 63 characters of a number. */
enum { NUMBER_LIMIT = 60 };

/* Before cJSON sees it, the text is read once by the grammar of RFC 8259. Each function moves `at` on, or says why not. */
struct scan {
	const char *at;
	const char *end;
	int depth;
	size_t values;       /* how many, and */
	size_t strings;      /* how many strings with */
	size_t string_bytes; /* how many bytes: what cJSON will need at most */
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
	scan->strings++;
	scan->string_bytes += (size_t)(scan->at - start);
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
	scan->values++;
	skip_space(scan);
	if (!scan_any(scan))
		return false;
	skip_space(scan);
	return true;
}

/* cJSON allocates from one piece of the arena that is large enough, so that nothing unwinds across its frames. */
static struct {
	unsigned char *next;
	size_t left;
} pool;

static void *pool_alloc(size_t size)
{
	size_t need = (size + 15) / 16 * 16;
	if (size > pool.left || need > pool.left)
		return NULL;
	unsigned char *bytes = pool.next;
	pool.next += need;
	pool.left -= need;
	return bytes;
}

static void pool_free(void *bytes)
{
	(void)bytes;
}

static const struct cJSON *parse(struct arena *arena, const char *text, size_t length, const struct scan *scan)
{
	size_t size = (scan->values + 1) * (sizeof(cJSON) + 16) + scan->strings * 32 + scan->string_bytes;
	pool.next = arena_alloc(arena, size);
	pool.left = size;
	cJSON_Hooks hooks = { .malloc_fn = pool_alloc, .free_fn = pool_free };
	cJSON_InitHooks(&hooks);
	const struct cJSON *value = cJSON_ParseWithLengthOpts(text, length, NULL, 0);
	cJSON_InitHooks(NULL);
	pool.next = NULL;
	pool.left = 0;
	return value;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool names_differ(struct arena *arena, const struct cJSON *object)
{
	size_t count = 0;
	for (const struct cJSON *member = object->child; member; member = member->next)
		count++;
	if (count < 2)
		return true;
	const char **names = arena_alloc(arena, count * sizeof *names);
	count = 0;
	for (const struct cJSON *member = object->child; member; member = member->next)
		names[count++] = member->string;
	qsort(names, count, sizeof *names, compare_names);
	for (size_t i = 1; i < count; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return false;
	return true;
}

/* What only the tree shows. The depth was bounded by the scan. */
static const char *check_tree(struct arena *arena, const struct cJSON *value)
{
	if (cJSON_IsNumber(value) && !isfinite(value->valuedouble))
		return "there is a number that is too large";
	if (cJSON_IsObject(value) && !names_differ(arena, value))
		return "a member is repeated";
	for (const struct cJSON *child = value->child; child; child = child->next) {
		const char *why = check_tree(arena, child);
		if (why)
			return why;
	}
	return NULL;
}

const struct cJSON *json_parse(struct arena *arena, const char *text, size_t length, const char **why)
{
	const char *unused;
	struct scan scan = { .at = text, .end = text + length };
	if (!why)
		why = &unused;
	*why = NULL;
	if (!utf8_valid(text, length)) {
		*why = "it is not valid UTF-8";
		return NULL;
	}
	if (!scan_value(&scan) || scan.at != scan.end) {
		*why = scan.why ? scan.why : "there is something after the value";
		return NULL;
	}
	const struct cJSON *value = parse(arena, text, length, &scan);
	*why = value ? check_tree(arena, value) : "it is no JSON";
	return *why ? NULL : value;
}

const struct cJSON *json_member(const struct cJSON *object, const char *name)
{
	if (!cJSON_IsObject(object))
		return NULL;
	for (const struct cJSON *member = object->child; member; member = member->next)
		if (strcmp(member->string, name) == 0)
			return member;
	return NULL;
}

const struct cJSON *json_next(const struct cJSON *parent, const struct cJSON *previous)
{
	if (previous)
		return previous->next;
	return cJSON_IsObject(parent) || cJSON_IsArray(parent) ? parent->child : NULL;
}

const char *json_name(const struct cJSON *member)
{
	return member ? member->string : NULL;
}

bool json_is_object(const struct cJSON *value)
{
	return cJSON_IsObject(value);
}

bool json_is_array(const struct cJSON *value)
{
	return cJSON_IsArray(value);
}

bool json_is_null(const struct cJSON *value)
{
	return cJSON_IsNull(value);
}

bool json_is_text(const struct cJSON *value)
{
	return cJSON_IsString(value);
}

bool json_is_bool(const struct cJSON *value, bool *is)
{
	if (!cJSON_IsBool(value))
		return false;
	if (is)
		*is = cJSON_IsTrue(value);
	return true;
}

bool json_is_number(const struct cJSON *value, int64_t *number)
{
	static const double limit = 9007199254740992.0; /* 2^53: beyond it a double skips whole numbers */
	if (!cJSON_IsNumber(value) || fabs(value->valuedouble) > limit || trunc(value->valuedouble) != value->valuedouble)
		return false;
	if (number)
		*number = (int64_t)value->valuedouble;
	return true;
}

const char *json_string(const struct cJSON *value)
{
	return cJSON_IsString(value) ? value->valuestring : NULL;
}

static void print_number(struct buffer *out, const char *name, const struct cJSON *value)
{
	int64_t number;
	if (json_is_number(value, &number)) {
		json_number(out, name, number);
		return;
	}
	char text[40];
	snprintf(text, sizeof text, "%.17g", value->valuedouble);
	json_raw(out, name, text);
}

static void print(struct buffer *out, const char *name, const struct cJSON *value)
{
	bool is;
	if (json_is_bool(value, &is)) {
		json_bool(out, name, is);
	} else if (cJSON_IsNumber(value)) {
		print_number(out, name, value);
	} else if (cJSON_IsString(value)) {
		json_text(out, name, value->valuestring);
	} else if (cJSON_IsArray(value)) {
		json_array_open(out, name);
		for (const struct cJSON *child = value->child; child; child = child->next)
			print(out, NULL, child);
		json_array_close(out);
	} else if (cJSON_IsObject(value)) {
		json_object_open(out, name);
		for (const struct cJSON *child = value->child; child; child = child->next)
			print(out, child->string, child);
		json_object_close(out);
	} else {
		json_raw(out, name, "null");
	}
}

char *json_print(struct arena *arena, const struct cJSON *value)
{
	struct buffer out = buffer_create(arena, 256);
	print(&out, NULL, value);
	return out.data;
}
