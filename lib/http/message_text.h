/* A message with one value in it, for texts that C code hands to a page: lists of scopes, errors of a form. */
#ifndef LATCHKEY_HTTP_MESSAGE_TEXT_H
#define LATCHKEY_HTTP_MESSAGE_TEXT_H

#include "lib/base/arena.h"

/* The text of `key` with every {name} replaced by `value`; plain text, not escaped. */
char *message_text(struct arena *arena, const char *key, const char *name, const char *value);

#endif
