/*
 * Reads the members at the top of one JSON object: what headers and claims of foreign JWTs need (RFC 7515, 7519),
 * and nothing more. It exists because cJSON comes as a shared library only, which would make the token endpoint a
 * dynamic program that starts 0.2 ms later. It is no second opinion about what JSON is: json_check() passes the
 * text first, and a name that comes twice at the top, however it is escaped, is refused as json_parse() refuses
 * it. Values deeper down can be asked for by nobody, so repeated names there mislead nobody.
 */
#ifndef LATCHKEY_BASE_JSON_FLAT_H
#define LATCHKEY_BASE_JSON_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"

struct json_flat; /* an object; its memory is the arena's */

/* The object that is the whole of `text`, or NULL, with *why (if why is not NULL) set to a constant sentence. */
const struct json_flat *json_flat_read(struct arena *arena, const char *text, size_t length, const char **why);

/* Whether there is a member with exactly this name, whatever its value. */
bool json_flat_has(const struct json_flat *object, const char *name);

/* The text of a string, escapes undone; NULL if the member is absent or anything else. */
const char *json_flat_text(const struct json_flat *object, const char *name);

/* The strings of a member that is one string or an array of nothing but strings ("aud"); else NULL, and *count is 0. */
const char *const *json_flat_texts(const struct json_flat *object, const char *name, size_t *count);

/* Whether the member is there and is false. */
bool json_flat_is_false(const struct json_flat *object, const char *name);

/* A whole number within ±2^53. */
bool json_flat_number(const struct json_flat *object, const char *name, int64_t *number);

/* A NumericDate (RFC 7519 2), which may have a fraction: it is cut off. */
bool json_flat_seconds(const struct json_flat *object, const char *name, int64_t *seconds);

#endif
