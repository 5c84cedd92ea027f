/*
 * Writes JSON into a buffer, escaping as RFC 8259 7 says, without a tree and without a parser, so that
 * programs that only answer in JSON link neither. Commas are put where they belong: a value that follows
 * another one gets one. `name` is NULL inside an array and at the top.
 */
#ifndef LATCHKEY_BASE_JSON_WRITE_H
#define LATCHKEY_BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buffer.h"

void json_object_open(struct buffer *out, const char *name);
void json_object_close(struct buffer *out);
void json_array_open(struct buffer *out, const char *name);
void json_array_close(struct buffer *out);

/* "name":"value"; a NULL value writes nothing at all. */
void json_text(struct buffer *out, const char *name, const char *value);
void json_number(struct buffer *out, const char *name, int64_t value);
void json_bool(struct buffer *out, const char *name, bool value);

/* A value that is JSON already, made by this module or checked by json_parse(). */
void json_raw(struct buffer *out, const char *name, const char *json);

/* A list of words as an array of strings; NULL or "" gives []. */
void json_words(struct buffer *out, const char *name, const char *words);

/*
 * Walks the elements of an array that this module wrote: gives the next element, raw JSON in the arena, and
 * moves *cursor on; NULL at the end. Start with the text of the array, "[" included. Elements that are
 * arrays or objects themselves are not supported (NULL).
 */
const char *json_array_next(struct arena *arena, const char **cursor);

#endif
