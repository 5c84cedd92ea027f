/* Events of the audit log as their user is told of them. */
#ifndef LATCHKEY_IDENTITY_ACTIVITY_TEXT_H
#define LATCHKEY_IDENTITY_ACTIVITY_TEXT_H

#include "lib/base/arena.h"

/* Words: the events that concern users. */
const char *activity_events(struct arena *arena);

/* The sentence; NULL for other events. */
const char *activity_text(const char *event);

#endif
