/*
 * Reads JSON strictly, with cJSON behind it. cJSON alone takes duplicate members, members in another case,
 * \u0000, invalid UTF-8, trailing bytes and any depth: everything of that is refused here (invariant 14), most of
 * it by json_check() before cJSON sees the text. Only programs that parse JSON link this; for flat objects there is
 * json_flat.h.
 */
#ifndef LATCHKEY_BASE_JSON_H
#define LATCHKEY_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/json_check.h"

struct cJSON; /* a value; its memory is the arena's */

/* The value that is the whole of `text`, or NULL, with *why (if why is not NULL) set to a constant sentence. */
const struct cJSON *json_parse(struct arena *arena, const char *text, size_t length, const char **why);

/* The member with exactly this name; NULL if there is none or `object` is no object. */
const struct cJSON *json_member(const struct cJSON *object, const char *name);

/* Walks members of an object or elements of an array: `previous` NULL gives the first. NULL at the end. */
const struct cJSON *json_next(const struct cJSON *parent, const struct cJSON *previous);

/* The name of a member of an object. */
const char *json_name(const struct cJSON *member);

bool json_is_object(const struct cJSON *value);
bool json_is_array(const struct cJSON *value);
bool json_is_null(const struct cJSON *value);
bool json_is_text(const struct cJSON *value);
bool json_is_bool(const struct cJSON *value, bool *is);
/* A whole number within ±2^53. */
bool json_is_number(const struct cJSON *value, int64_t *number);

/* The text of a string; NULL for any other value. */
const char *json_string(const struct cJSON *value);

/* The value written compactly. */
char *json_print(struct arena *arena, const struct cJSON *value);

#endif
