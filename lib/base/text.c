#include "lib/base/text.h"

#include <string.h>

#include "lib/base/buffer.h"

static char lower(char character)
{
	return character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a') : character;
}

bool text_equal(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool text_equal_ignoring_case(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

bool text_empty(const char *text)
{
	return !text || !*text;
}

bool text_starts_with(const char *text, const char *prefix)
{
	return text && prefix && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends_with(const char *text, const char *suffix)
{
	if (!text || !suffix)
		return false;
	size_t length = strlen(text);
	size_t end = strlen(suffix);
	return length >= end && strcmp(text + length - end, suffix) == 0;
}

char *text_lowercase(struct arena *arena, const char *text)
{
	char *copy = arena_text(arena, text);
	for (char *at = copy; at && *at; at++)
		*at = lower(*at);
	return copy;
}

bool text_to_number(const char *text, int64_t *number)
{
	if (!text)
		return false;
	size_t length = strspn(text, "0123456789");
	if (length < 1 || length > 18 || text[length])
		return false;
	int64_t value = 0;
	for (size_t i = 0; i < length; i++)
		value = value * 10 + (text[i] - '0');
	*number = value;
	return true;
}

/* The next word's start and length; false at the end. */
static bool next_word(const char **cursor, const char **word, size_t *length)
{
	if (!*cursor)
		return false;
	*word = *cursor + strspn(*cursor, " ");
	*length = strcspn(*word, " ");
	*cursor = *word + *length;
	return *length > 0;
}

const char *words_next(struct arena *arena, const char **cursor)
{
	const char *word;
	size_t length;
	return next_word(cursor, &word, &length) ? arena_copy(arena, word, length) : NULL;
}

static bool contains(const char *list, const char *word, size_t length)
{
	const char *other;
	size_t other_length;
	while (next_word(&list, &other, &other_length))
		if (other_length == length && memcmp(other, word, length) == 0)
			return true;
	return false;
}

bool words_contain(const char *list, const char *word)
{
	return !text_empty(word) && contains(list, word, strlen(word));
}

int words_count(const char *list)
{
	const char *word;
	size_t length;
	int count = 0;
	while (next_word(&list, &word, &length))
		count++;
	return count;
}

static void add_word(struct buffer *out, const char *word, size_t length)
{
	if (contains(out->data, word, length))
		return;
	if (out->length)
		buffer_char(out, ' ');
	buffer_bytes(out, word, length);
}

static struct buffer list_create(struct arena *arena, const char *a, const char *b)
{
	return buffer_create(arena, (a ? strlen(a) : 0) + (b ? strlen(b) : 0) + 1);
}

/* The words of `a` that are in `b`, or those that are not. */
static char *filter(struct arena *arena, const char *a, const char *b, bool in_b)
{
	struct buffer out = list_create(arena, a, NULL);
	const char *word;
	size_t length;
	while (next_word(&a, &word, &length))
		if (contains(b, word, length) == in_b)
			add_word(&out, word, length);
	return out.data;
}

char *words_intersect(struct arena *arena, const char *a, const char *b)
{
	return filter(arena, a, b, true);
}

char *words_subtract(struct arena *arena, const char *a, const char *b)
{
	return filter(arena, a, b, false);
}

char *words_union(struct arena *arena, const char *a, const char *b)
{
	struct buffer out = list_create(arena, a, b);
	const char *word;
	size_t length;
	while (next_word(&a, &word, &length))
		add_word(&out, word, length);
	while (next_word(&b, &word, &length))
		add_word(&out, word, length);
	return out.data;
}
