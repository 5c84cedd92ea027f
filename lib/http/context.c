#include "lib/http/context.h"

bool context_cleans(const struct context *c)
{
	char last = c->request_id[15]; /* a random hex digit */
	return last == '0' || last == '1';
}

_Noreturn void context_leave(struct context *c)
{
	longjmp(*c->unwind, 1);
}
