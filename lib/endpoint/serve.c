#include "lib/endpoint/serve.h"

#include <setjmp.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/crypto/random.h"
#include "lib/endpoint/endpoint.h"
#include "lib/process/process.h"

enum { ARENA_LIMIT = 4 * 1024 * 1024 };

static void on_exhausted(void *context)
{
	struct context *c = context;
	static bool again;
	if (again)
		process_leave(1);
	again = true;
	arena_reset(c->arena);
	c->response = response_create(c->arena);
	c->database = NULL; /* what it still binds is gone; an open transaction ends undone with the process */
	c->config = NULL;   /* the plainest answer is what is left */
	c->answer_error = NULL;
	c->request_id = "-";
	fail(c, "the request needs more than %d bytes of memory", ARENA_LIMIT);
}

static void on_database_failure(void *context, const char *message)
{
	fail(context, "database: %s", message);
}

static void load_config(struct context *c, struct kept *kept)
{
	const char *error;
	c->config = kept->config;
	if (c->config)
		return;
	c->config = config_load(kept->arena, config_path(), &error);
	if (!c->config)
		fail(c, "%s", error);
	log_configure(c->config->log_file, c->config->log_level);
	kept->config = c->config;
}

static const char *allowed_methods(const struct endpoint *e)
{
	bool get = e->methods & METHOD_GET, post = e->methods & METHOD_POST;
	if (e->cors)
		return get && post ? "GET, HEAD, POST, OPTIONS" : post ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
	return get && post ? "GET, HEAD, POST" : post ? "POST" : "GET, HEAD";
}

/* The CORS preflight (Fetch standard 3.2.2); no credentials, so any origin may. */
static enum outcome answer_preflight(struct context *c)
{
	response_header(c, "Access-Control-Allow-Methods", allowed_methods(c->endpoint));
	response_header(c, "Access-Control-Allow-Headers", "Authorization, Content-Type, MCP-Protocol-Version");
	response_header(c, "Access-Control-Max-Age", "86400");
	return response_empty(c);
}

static void require_request(struct context *c, enum request_problem problem)
{
	unsigned method = c->request.method == METHOD_HEAD ? METHOD_GET : c->request.method;
	if (!(method & c->endpoint->methods) && !(method == METHOD_OPTIONS && c->endpoint->cors)) {
		response_header(c, "Allow", allowed_methods(c->endpoint));
		refuse_and_leave(c, METHOD_NOT_ALLOWED, "RFC 9110 15.5.6");
	}
	switch (problem) {
	case REQUEST_FINE:
		break;
	case REQUEST_HEADER_REPEATED:
		refuse_because_and_leave(c, INVALID_REQUEST, "RFC 9110 5.3", "A header that must stand once is repeated.");
	case REQUEST_LENGTH_REQUIRED:
		refuse_and_leave(c, LENGTH_REQUIRED, "RFC 9110 15.5.12");
	case REQUEST_LENGTH_BAD:
		refuse_because_and_leave(c, INVALID_REQUEST, "RFC 3875 4.1.2", "The body is shorter than its Content-Length, or the length is no number.");
	case REQUEST_TOO_LARGE:
		refuse_and_leave(c, TOO_LARGE, "RFC 9110 15.5.14");
	}
	if (c->request.method == METHOD_POST && c->request.body_length
		&& !text_equal(c->request.content_type, c->endpoint->json ? "application/json" : "application/x-www-form-urlencoded"))
		refuse_because_and_leave(c, WRONG_MEDIA_TYPE, "RFC 9110 15.5.16",
			c->endpoint->json ? "The body must be application/json." : WRONG_MEDIA_TYPE->description);
}

static void open_database(struct context *c, struct kept *kept)
{
	const char *error;
	if (!c->endpoint->reads && !c->endpoint->writes)
		return;
	if (kept->database) {
		c->database = kept->database;
		database_use_arena(c->database, c->arena);
		return;
	}
	enum database_opened opened = database_open(kept->arena, config_file(kept->arena, c->config, "database"),
		c->endpoint->reads, c->endpoint->writes, on_database_failure, c, &c->database, &error);
	if (opened == DATABASE_OTHER_VERSION)
		fail_with(c, OTHER_SCHEMA, error);
	if (opened != DATABASE_OPEN)
		fail(c, "%s", error);
	kept->database = c->database;
	if (kept->stays)
		database_stay_open(c->database);
	database_use_arena(c->database, c->arena);
}

static void handle(struct context *c, struct kept *kept, const struct channel *channel)
{
	c->request_id = random_hex(c->arena, 16);
	log_set_request(c->request_id);
	load_config(c, kept);
	require_request(c, request_read(c->arena, c->config, channel, &c->request));
	if (c->request.method == METHOD_OPTIONS) {
		answer_preflight(c);
		return;
	}
	static const struct parameter no_parameters[] = { { 0 } };
	bool without = !c->endpoint->parameters || (c->endpoint->json && c->request.method == METHOD_POST);
	c->parameters = parameters_read(c->arena, without ? no_parameters : c->endpoint->parameters, &c->request);
	if (!c->endpoint->parameters_later)
		parameters_require(c, NULL);
	open_database(c, kept);

	c->endpoint->handle(c);
	if (c->database && database_in_transaction(c->database))
		fail(c, "the handler left a transaction open");
}

bool serve_prepare(struct context *c, struct kept *kept)
{
	*kept = (struct kept){ .arena = arena_create(ARENA_LIMIT), .lasting = arena_create(ARENA_LIMIT) };
	c->arena = arena_create(ARENA_LIMIT);
	return kept->arena && kept->lasting && c->arena;
}

bool serve_request(struct context *c, struct kept *kept, const struct channel *channel)
{
	jmp_buf unwind;

	*c = (struct context){
		.endpoint = &endpoint,
		.arena = c->arena,
		.lasting = kept->lasting,
		.now = clock_seconds(),
		.started_ms = clock_milliseconds(),
		.unwind = &unwind,
	};
	arena_on_exhausted(c->arena, on_exhausted, c);
	arena_on_exhausted(kept->arena, on_exhausted, c);
	arena_on_exhausted(kept->lasting, on_exhausted, c);
	c->response = response_create(c->arena);

	if (setjmp(unwind) == 0)
		handle(c, kept, channel);
	/* Before the answer: once that is whole, web servers may end what still runs. */
	if (c->wakes_deliver && c->config)
		process_wake(config_file(c->arena, c->config, "mail/wake"));
	bool sent = response_send(c, channel);
	if (c->database)
		database_rollback(c->database);
	log_set_request(NULL);
	arena_reset(c->arena);
	return sent;
}

void serve_refresh(struct kept *kept)
{
	if ((!kept->config || config_is_current(kept->config)) && (!kept->database || database_is_current(kept->database))
		&& log_is_current())
		return;
	if (kept->database)
		database_release(kept->database, true);
	kept->database = NULL;
	kept->config = NULL;
	arena_reset(kept->arena);
}
