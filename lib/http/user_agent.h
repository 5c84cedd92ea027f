/* A browser in the words of its user: "Firefox on Linux". */
#ifndef LATCHKEY_HTTP_USER_AGENT_H
#define LATCHKEY_HTTP_USER_AGENT_H

#include "lib/base/arena.h"

/*
 * Of a User-Agent header (NULL: none was sent). Knows the common browsers and systems; of anything else it says that it is
 * not known. Never repeats a byte of the header, which anybody can fill as they like.
 */
const char *user_agent_text(struct arena *arena, const char *user_agent);

#endif
