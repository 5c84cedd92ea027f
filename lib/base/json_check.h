/*
 * The strict check that every JSON text passes before anything reads it (invariant 14): the grammar of RFC 8259,
 * UTF-8, no \u0000 and no half surrogate pair, bounded depth and numbers, nothing behind the value. It has no tree
 * and no library behind it, so that programs without cJSON can stand on it too: see json.h and json_flat.h.
 * Repeated members are the business of those two.
 */
#ifndef LATCHKEY_BASE_JSON_CHECK_H
#define LATCHKEY_BASE_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

enum { JSON_DEPTH_LIMIT = 16 };

/* What the text holds: as much as a parser will need at most. */
struct json_extent {
	size_t values;
	size_t strings;      /* names of members included, with */
	size_t string_bytes; /* so many bytes as they are written */
};

/* Whether the whole of `text` is one JSON value; if not, *why is a constant sentence. `extent` may be NULL. */
bool json_check(const char *text, size_t length, struct json_extent *extent, const char **why);

#endif
