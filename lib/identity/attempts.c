#include "lib/identity/attempts.h"

#include <arpa/inet.h>
#include <string.h>

static const char *subject_of(struct context *c, const char *kind, const char *subject)
{
	return arena_format(c->arena, "%s:%s", kind, subject);
}

const char *attempt_network(struct context *c)
{
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN];
	if (inet_pton(AF_INET6, c->request.address, &address) != 1)
		return c->request.address;
	memset(&address.s6_addr[8], 0, 8);
	inet_ntop(AF_INET6, &address, text, sizeof text);
	return arena_text(c->arena, text);
}

bool attempt_count(struct context *c, const char *kind, const char *subject, int64_t most, int64_t seconds)
{
	return most == 0 || limit_add(c->database, subject_of(c, kind, subject), seconds, c->now) <= most;
}

void attempt_forget(struct context *c, const char *kind, const char *subject)
{
	limit_clear(c->database, subject_of(c, kind, subject));
}

void attempt_take_back(struct context *c, const char *kind, const char *subject)
{
	limit_take_back(c->database, subject_of(c, kind, subject));
}
