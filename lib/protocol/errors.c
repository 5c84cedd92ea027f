#include "lib/protocol/errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/json_write.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/database/database.h"
#include "lib/http/html.h"
#include "lib/http/messages.h"

#define ERROR_DEFINE(NAME, code, status, page, description) const struct error NAME[1] = { { code, status, page, description } };
ERROR_CATALOGUE(ERROR_DEFINE)

static enum outcome answer_plain(struct context *c, const struct error *error)
{
	buffer_format(&c->response.body, "%s\nRequest %s\n", error->description, c->request_id);
	response_header(c, "Content-Type", "text/plain; charset=utf-8");
	c->response.status = error->status;
	return OUTCOME_REFUSED;
}

static enum outcome answer_page(struct context *c, const struct error *error, const char *description)
{
	struct page *page = page_create(c);
	page_set(page, "heading", message(arena_format(c->arena, "error_heading_%s", error->page)));
	const char *explain = arena_format(c->arena, "error_explain_%s", error->page);
	page_set(page, "explanation", message(explain));
	page_set(page, "error_code", error->code);
	page_set(page, "error_description", description);
	page_set(page, "status", arena_format(c->arena, "%d", error->status));
	page_answer(c, error->status, &template_error, "title_error", page, PAGE_FORMS_STAY);
	return OUTCOME_REFUSED;
}

static enum outcome answer_json(struct context *c, const struct error *error, const char *description)
{
	struct buffer *out = &c->response.body;
	json_object_open(out, NULL);
	json_text(out, "error", error->code ? error->code : "invalid_request");
	json_text(out, "error_description", description);
	json_object_close(out);
	if (error == INVALID_CLIENT) /* RFC 6749 5.2 */
		response_header(c, "WWW-Authenticate", arena_format(c->arena, "Basic realm=\"%s\", charset=\"UTF-8\"", c->config->issuer));
	response_json(c, error->status);
	return OUTCOME_REFUSED;
}

static enum outcome answer_bearer(struct context *c, const struct error *error, const char *description)
{
	struct buffer header = buffer_create(c->arena, 256);
	buffer_format(&header, "Bearer realm=\"%s\"", c->config->issuer);
	if (error->code) /* without a token no error code: RFC 6750 3.1 */
		buffer_format(&header, ", error=\"%s\", error_description=\"%s\"", error->code, description);
	if (error == INSUFFICIENT_SCOPE)
		buffer_text(&header, ", scope=\"openid\"");
	if (error->status == 400 || error->status == 401 || error->status == 403)
		response_header(c, "WWW-Authenticate", header.data);
	return answer_json(c, error, description);
}

static enum outcome answer(struct context *c, const struct error *error, const char *description)
{
	if (!c->config)
		return answer_plain(c, error);
	if (c->answer_error && error->status != 500 && error->status != 405) {
		c->answer_error(c, error, description);
		return OUTCOME_REFUSED;
	}
	switch (c->endpoint->answers) {
	case ANSWERS_JSON:
		return answer_json(c, error, description);
	case ANSWERS_BEARER:
		return answer_bearer(c, error, description);
	case ANSWERS_PAGES:
		break;
	}
	return answer_page(c, error, description);
}

enum outcome refuse_at(struct context *c, const struct error *error, const char *clause, const char *description,
	const char *file, int line)
{
	const char *text = description ? description : error->description;
	log_write(LOG_INFO, "refused: %s (%s) %s at %s:%d", error->code ? error->code : "no token", clause, text, file, line);
	if (c->database && database_in_transaction(c->database))
		database_commit(c->database);
	/* Unless the endpoint knows better: twice it would be no number any more where a server joins headers. */
	if ((error->status == 503 || error->status == 429) && !strstr(c->response.headers.data, "Retry-After: "))
		response_header(c, "Retry-After", error->status == 503 ? "5" : "300");
	return answer(c, error, text);
}

void fail_with(struct context *c, const struct error *error, const char *reason)
{
	log_write(LOG_ERROR, "%s", reason);
	c->failed = true;
	if (c->database)
		database_rollback(c->database);
	response_reset(c);
	c->answer_error = NULL;
	/* Pages and plain text name the request anyway. */
	bool names_request = c->config && c->endpoint->answers != ANSWERS_PAGES;
	answer(c, error, names_request ? arena_format(c->arena, "%s Request %s.", error->description, c->request_id) : error->description);
	context_leave(c);
}

void fail(struct context *c, const char *format, ...)
{
	char reason[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reason, sizeof reason, format, arguments);
	va_end(arguments);
	fail_with(c, SERVER_ERROR, reason);
}

void parameters_require(struct context *c, const char *name)
{
	const struct parameter_value *bad = parameters_problem(c, name);
	if (bad)
		refuse_because_and_leave(c, INVALID_REQUEST, "RFC 6749 3.1", parameter_problem_text(c->arena, bad));
}

const char *parameter_require(struct context *c, const char *name, const char *clause)
{
	const char *value = parameter(c, name);
	if (!value)
		refuse_because_and_leave(c, INVALID_REQUEST, clause, arena_format(c->arena, "The parameter %s is missing.", name));
	return value;
}
