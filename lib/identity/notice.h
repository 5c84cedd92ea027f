/* Telling a user by mail what happened, or sending a link. deliver does the sending; here a reference is put in its outbox. */
#ifndef LATCHKEY_IDENTITY_NOTICE_H
#define LATCHKEY_IDENTITY_NOTICE_H

#include "lib/http/context.h"
#include "lib/records/outbox_store.h"

/* Adds the row inside the caller's transaction (created_at is set here), and has deliver woken before the answer goes out. Writes outbox. */
void notice_add(struct context *c, struct outbox_row notice);

#endif
