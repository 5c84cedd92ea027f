/*
 * Everything that belongs to one request; handlers call it `c`. It lives from the first byte read to the last
 * byte written, and nothing of it survives into the next request.
 */
#ifndef LATCHKEY_HTTP_CONTEXT_H
#define LATCHKEY_HTTP_CONTEXT_H

#include <setjmp.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/config.h"
#include "lib/http/endpoint.h"
#include "lib/http/parameters.h"
#include "lib/http/request.h"
#include "lib/http/response.h"

struct database;
struct error;

struct context {
	const struct endpoint *endpoint;
	const struct config *config;
	struct arena *arena;
	struct arena *lasting;  /* as long as the process, which may serve other requests: for what is no request's own */
	struct database *database;
	struct request request;
	struct parameters parameters;
	struct response response;
	const char *request_id; /* 16 hex digits, in the log and on error pages */
	int64_t now;            /* seconds since 1970, the same for the whole request */
	int64_t started_ms;     /* milliseconds since 1970, when the request began */
	bool failed;            /* fail() was called: the process serves no further request */
	bool wakes_deliver;     /* something was put in the outbox */
	jmp_buf *unwind;        /* to the request loop, which sends c->response */

	/* Set once errors may go to the client by redirect (RFC 6749 4.1.2.1): answers, instead of a page. */
	void (*answer_error)(struct context *c, const struct error *error, const char *description);
	void *answer_error_for;
};

/*
 * Whether this request is the one in CONTEXT_CLEANING that removes expired rows of what it writes, that many times more of
 * them: a program that serves one request spends more on preparing a DELETE than on what that removes.
 */
enum { CONTEXT_CLEANING = 8 };
bool context_cleans(const struct context *c);

/* Leaves the handler for the request loop, with c->response as it stands. */
_Noreturn void context_leave(struct context *c);

#endif
