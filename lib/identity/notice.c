#include "lib/identity/notice.h"

void notice_add(struct context *c, struct outbox_row notice)
{
	notice.created_at = c->now;
	outbox_add(c->database, &notice);
	c->wakes_deliver = true;
}
