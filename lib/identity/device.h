/* Browsers that a user signed in from before, known by a cookie of their own: a sign-in from another one is told by mail. */
#ifndef LATCHKEY_IDENTITY_DEVICE_H
#define LATCHKEY_IDENTITY_DEVICE_H

#include "lib/http/context.h"

/*
 * Inside the transaction that starts the session `sid`: remembers this browser for the user, sets its cookie, and adds
 * the notice OUTBOX_NEW_DEVICE if the user has signed in before, but never here. Writes devices, outbox.
 */
void device_note(struct context *c, const char *user_id, const char *sid);

#endif
