#include "lib/identity/notice.h"

enum { CLEANUP_ROWS = 4 };

void notice_add(struct context *c, struct outbox_row notice)
{
	notice.created_at = c->now;
	outbox_add(c->database, &notice);
	outbox_remove_expired(c->database, c->now, CLEANUP_ROWS);
	c->wakes_deliver = true;
}
