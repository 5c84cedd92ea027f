#include "lib/http/parameters.h"

#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/http/context.h"

enum { PAIR_LIMIT = 1000, NAME_LIMIT = 128 };

static const char letters_and_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static int hex_digit(char character)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *digit = character ? strchr(digits, character) : NULL;
	return digit ? (int)((digit - digits) % 16) : -1;
}

char *form_decode(struct arena *arena, const char *text, size_t length)
{
	char *out = arena_alloc(arena, length + 1);
	size_t made = 0;
	for (size_t i = 0; i < length; i++) {
		char character = text[i] == '+' ? ' ' : text[i];
		if (character == '%') {
			int high = i + 2 < length ? hex_digit(text[i + 1]) : -1;
			int low = i + 2 < length ? hex_digit(text[i + 2]) : -1;
			if (high < 0 || low < 0)
				return NULL;
			character = (char)(high * 16 + low);
			i += 2;
		}
		if (character == '\0')
			return NULL;
		out[made++] = character;
	}
	return out;
}

char *form_encode(struct arena *arena, const char *text)
{
	struct buffer out = buffer_create(arena, strlen(text) + 16);
	for (; *text; text++) {
		if (strchr(letters_and_digits, *text) || strchr("-._~", *text))
			buffer_char(&out, *text);
		else
			buffer_format(&out, "%%%02X", (unsigned)(unsigned char)*text);
	}
	return out.data;
}

/* The row of the table for a name as it was sent; NULL if there is none. */
static const struct parameter *find_row(struct arena *arena, const struct parameter *table, const char *name, size_t length)
{
	const char *decoded = length <= NAME_LIMIT ? form_decode(arena, name, length) : NULL;
	if (!decoded)
		return NULL;
	while (table->name && !text_equal(table->name, decoded))
		table++;
	return table->name ? table : NULL;
}

static struct parameter_value *find_value(struct parameters *parameters, const char *name)
{
	for (int i = 0; i < parameters->count; i++)
		if (text_equal(parameters->values[i].name, name))
			return &parameters->values[i];
	return NULL;
}

static struct parameter_value decode_value(struct arena *arena, const struct parameter *row, const char *text, size_t length)
{
	struct parameter_value value = { .name = row->name, .text = "", .problem = PARAMETER_TOO_LONG };
	if (length / 3 > row->longest)
		return value;
	const char *decoded = form_decode(arena, text, length);
	if (decoded && strlen(decoded) > row->longest)
		return value;
	if (decoded && row->valid(decoded))
		return (struct parameter_value){ .name = row->name, .text = decoded };
	value.problem = PARAMETER_MALFORMED;
	return value;
}

static void add_pair(struct arena *arena, const struct parameter *table, const char *pair, size_t length,
	struct parameters *parameters)
{
	const char *sign = memchr(pair, '=', length);
	size_t name_length = sign ? (size_t)(sign - pair) : length;
	const struct parameter *row = find_row(arena, table, pair, name_length);
	if (!row || name_length + 1 >= length)
		return; /* unknown, or empty: as if it had not been sent (RFC 6749 3.1) */
	struct parameter_value *earlier = row->repeatable ? NULL : find_value(parameters, row->name);
	if (earlier)
		earlier->problem = PARAMETER_REPEATED;
	else
		parameters->values[parameters->count++] = decode_value(arena, row, sign + 1, length - name_length - 1);
}

static const char *pair_end(const char *pair, const char *end)
{
	const char *separator = memchr(pair, '&', (size_t)(end - pair));
	return separator ? separator : end;
}

struct parameters parameters_read(struct arena *arena, const struct parameter *table, const struct request *request)
{
	struct parameters parameters = { 0 };
	const char *text = request->query;
	size_t length = strlen(text);
	if (request->method == METHOD_POST) {
		bool is_form = text_equal(request->content_type, "application/x-www-form-urlencoded");
		text = request->body;
		length = is_form ? request->body_length : 0;
	}
	if (!table || length == 0)
		return parameters;

	const char *end = text + length;
	int pairs = 1;
	for (const char *at = text; at < end && pairs <= PAIR_LIMIT; at++)
		pairs += *at == '&';
	parameters.values = arena_alloc(arena, (size_t)pairs * sizeof *parameters.values);
	const char *at = text;
	for (int i = 0; i < pairs && i < PAIR_LIMIT && at < end; i++) {
		const char *stop = pair_end(at, end);
		add_pair(arena, table, at, (size_t)(stop - at), &parameters);
		at = stop + (stop < end);
	}
	/* What was not looked at might repeat something. */
	if (at < end && parameters.count > 0)
		parameters.values[0].problem = PARAMETER_MALFORMED;
	return parameters;
}

const char *parameter(const struct context *c, const char *name)
{
	return parameter_at(c, name, 0);
}

const char *parameter_at(const struct context *c, const char *name, int index)
{
	for (int i = 0; i < c->parameters.count; i++) {
		const struct parameter_value *value = &c->parameters.values[i];
		if (value->problem == PARAMETER_FINE && text_equal(value->name, name) && index-- == 0)
			return value->text;
	}
	return NULL;
}

const struct parameter_value *parameters_problem(const struct context *c, const char *name)
{
	for (int i = 0; i < c->parameters.count; i++) {
		const struct parameter_value *value = &c->parameters.values[i];
		if (value->problem != PARAMETER_FINE && (!name || text_equal(value->name, name)))
			return value;
	}
	return NULL;
}

const char *parameter_problem_text(struct arena *arena, const struct parameter_value *value)
{
	const char *what = value->problem == PARAMETER_REPEATED ? "repeated"
			 : value->problem == PARAMETER_TOO_LONG ? "too long" : "malformed";
	return arena_format(arena, "The parameter %s is %s.", value->name, what);
}

/* Whether every byte lies between `lowest` and `highest` and none is one of `without`. */
static bool all_within(const char *text, unsigned char lowest, unsigned char highest, const char *without)
{
	for (; *text; text++)
		if ((unsigned char)*text < lowest || (unsigned char)*text > highest || strchr(without, *text))
			return false;
	return true;
}

/* Whether every character is a letter, a digit or one of `others`. */
static bool all_among(const char *text, const char *others)
{
	for (; *text; text++)
		if (!strchr(letters_and_digits, *text) && !strchr(others, *text))
			return false;
	return true;
}

bool is_bytes(const char *text)
{
	(void)text;
	return true;
}

bool is_text(const char *text)
{
	return !utf8_has_controls(text);
}

bool is_multiline(const char *text)
{
	if (!utf8_valid(text, strlen(text)))
		return false;
	for (; *text; text++)
		if (((unsigned char)*text < 0x20 && !strchr("\t\r\n", *text)) || *text == 0x7f)
			return false;
	return true;
}

bool is_visible_ascii(const char *text)
{
	return all_within(text, 0x21, 0x7e, "");
}

bool is_printable_ascii(const char *text)
{
	return all_within(text, 0x20, 0x7e, "");
}

bool is_words(const char *text)
{
	return *text && *text != ' ' && !strstr(text, "  ") && !text_ends_with(text, " ") &&
		all_within(text, 0x20, 0x7e, "\"\\");
}

bool is_number(const char *text)
{
	int64_t number;
	return text_to_number(text, &number);
}

bool is_base64url(const char *text)
{
	return *text && all_among(text, "-_");
}

bool is_pkce(const char *text)
{
	size_t length = strlen(text);
	return length >= 43 && length <= 128 && all_among(text, "-._~");
}

bool is_uri(const char *text)
{
	return all_within(text, 0x21, 0x7e, "\"<>\\^`{|}");
}
