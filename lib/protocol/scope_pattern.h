/*
 * Scopes with parts that vary: "read:organization:*". Parts are what stands between colons, and * stands for exactly one
 * whole part, so that a match is one walk over both texts, with nothing to go back for.
 */
#ifndef LATCHKEY_PROTOCOL_SCOPE_PATTERN_H
#define LATCHKEY_PROTOCOL_SCOPE_PATTERN_H

#include <stdbool.h>

#include "lib/base/arena.h"

enum { SCOPE_LONGEST = 255, SCOPE_PART_LONGEST = 100 };

/*
 * Whether `scope` is what `pattern` (or plain name) stands for. A part that * stands for has 1 to 100 characters: what
 * a client makes up is shown on the consent page. A scope that contains * itself matches nothing.
 */
bool scope_matches(const char *pattern, const char *scope);

/* Whether a word of the list is a pattern or name that matches. */
bool scope_matches_any(const char *list, const char *scope);

/* The description of a pattern with {1} to {9} replaced by the parts that its first to ninth * stand for in `scope`. */
char *scope_fill(struct arena *arena, const char *description, const char *pattern, const char *scope);

/* Why a name or pattern cannot be registered; NULL: it can. */
const char *scope_name_problem(struct arena *arena, const char *name);

/* Why a description does not fit a name or pattern; NULL: it does. */
const char *scope_description_problem(const char *description, const char *name);

#endif
