/* Small questions about strings, and lists of words separated by single spaces (RFC 6749 3.3: scope). */
#ifndef LATCHKEY_BASE_TEXT_H
#define LATCHKEY_BASE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"

/* Equal to the byte. NULL equals only NULL. Not for secrets: see equal_in_constant_time(). */
bool text_equal(const char *a, const char *b);

/* Equal but for the case of ASCII letters. */
bool text_equal_ignoring_case(const char *a, const char *b);

/* NULL or "". */
bool text_empty(const char *text);

bool text_starts_with(const char *text, const char *prefix);
bool text_ends_with(const char *text, const char *suffix);

/* ASCII letters made small, in a copy; other bytes stay. */
char *text_lowercase(struct arena *arena, const char *text);

/* A decimal number of 1 to 18 digits and nothing else, no sign; false otherwise. */
bool text_to_number(const char *text, int64_t *number);

/* Walks a list: the next word at *cursor, NULL at the end. Words are copied to the arena. */
const char *words_next(struct arena *arena, const char **cursor);

/* Whether a whole word of the list (NULL: empty list) equals `word`. */
bool words_contain(const char *list, const char *word);

/* How many words; 0 for NULL. */
int words_count(const char *list);

/* Lists in the order of `a`, each word once: in both, in `a` alone, in either (a, then new ones of b). Never NULL. */
char *words_intersect(struct arena *arena, const char *a, const char *b);
char *words_subtract(struct arena *arena, const char *a, const char *b);
char *words_union(struct arena *arena, const char *a, const char *b);

#endif
