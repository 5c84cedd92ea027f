#include "lib/http/response.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/crypto/digest.h"
#include "lib/http/context.h"

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 204, "No Content" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 411, "Length Required" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
	};
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Status";
}

static void empty(struct buffer *buffer)
{
	buffer->length = 0;
	buffer->data[0] = '\0';
}

struct response response_create(struct arena *arena)
{
	return (struct response){
		.status = 200,
		.headers = buffer_create(arena, 1024),
		.body = buffer_create(arena, 4096),
	};
}

void response_reset(struct context *c)
{
	c->response.status = 200;
	c->response.cacheable = false;
	empty(&c->response.headers);
	empty(&c->response.body);
}

static bool is_header_value(const char *value)
{
	for (; *value; value++)
		if ((unsigned char)*value < 0x20 || *value == 0x7f)
			return false;
	return true;
}

void response_header(struct context *c, const char *name, const char *value)
{
	if (!is_header_value(value)) {
		/* Would be a header, or a whole answer, of the attacker's making. */
		log_write(LOG_ERROR, "control character in the value of header %s: not sent", name);
		response_reset(c);
		c->response.status = 500;
		buffer_text(&c->response.headers, "Content-Type: text/plain; charset=utf-8\r\n");
		buffer_text(&c->response.body, "Internal error\n");
		context_leave(c);
	}
	struct buffer *headers = &c->response.headers;
	buffer_text(headers, name);
	buffer_text(headers, ": ");
	buffer_text(headers, value);
	buffer_text(headers, "\r\n");
}

void response_cache(struct context *c, int64_t seconds)
{
	c->response.cacheable = true;
	response_header(c, "Cache-Control", arena_format(c->arena, "public, max-age=%lld", (long long)seconds));
}

/* Whether a list of entity tags (RFC 9110 8.8.3) has this one; weak ones count, since the comparison is weak (13.1.2). */
static bool tags_contain(const char *list, const char *tag)
{
	size_t length = strlen(tag);

	while (*list) {
		list += strspn(list, " \t,");
		if (*list == '*')
			return true;
		if (strncmp(list, "W/", 2) == 0)
			list += 2;
		if (strncmp(list, tag, length) == 0)
			return true;
		if (*list != '"')
			return false;
		list += 1 + strcspn(list + 1, "\"");
		list += *list == '"';
	}
	return false;
}

bool response_tag(struct context *c)
{
	enum { TAG_BYTES = 16 };
	unsigned char digest[SHA256_BYTES];
	char tag[TAG_BYTES * 2 + 3] = "\"";

	sha256(c->response.body.data, c->response.body.length, digest);
	for (size_t i = 0; i < TAG_BYTES; i++)
		snprintf(tag + 1 + i * 2, 3, "%02x", digest[i]);
	tag[TAG_BYTES * 2 + 1] = '"';
	response_header(c, "ETag", tag);
	return c->request.if_none_match && tags_contain(c->request.if_none_match, tag);
}

enum outcome response_json(struct context *c, int status)
{
	c->response.status = status;
	response_header(c, "Content-Type", "application/json");
	return OUTCOME_ANSWERED;
}

enum outcome response_html(struct context *c, int status)
{
	c->response.status = status;
	response_header(c, "Content-Type", "text/html; charset=utf-8");
	return OUTCOME_ANSWERED;
}

enum outcome response_empty(struct context *c)
{
	c->response.status = 204;
	empty(&c->response.body);
	return OUTCOME_ANSWERED;
}

enum outcome response_not_modified(struct context *c)
{
	c->response.status = 304;
	empty(&c->response.body);
	return OUTCOME_ANSWERED;
}

enum outcome response_redirect(struct context *c, const char *url)
{
	c->response.status = 303;
	empty(&c->response.body);
	response_header(c, "Location", url);
	return OUTCOME_ANSWERED;
}

bool response_send(struct context *c, const struct channel *channel)
{
	const struct response *response = &c->response;
	int status = response->status;
	bool has_length = status != 204 && status != 304;
	bool has_body = has_length && c->request.method != METHOD_HEAD;
	char first[64];
	char last[512];
	char length[48] = "";
	snprintf(first, sizeof first, "Status: %d %s\r\n", status, reason(status));
	if (has_length)
		snprintf(length, sizeof length, "Content-Length: %zu\r\n", response->body.length);
	snprintf(last, sizeof last, "%s%s%s%s\r\n", length,
		"X-Content-Type-Options: nosniff\r\nReferrer-Policy: same-origin\r\n",
		response->cacheable ? "" : "Cache-Control: no-store\r\nPragma: no-cache\r\n",
		c->endpoint && c->endpoint->cors
			? "Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: WWW-Authenticate\r\n" : "");
	struct iovec parts[] = {
		{ first, strlen(first) },
		{ response->headers.data, response->headers.length },
		{ last, strlen(last) },
		{ response->body.data, has_body ? response->body.length : 0 },
	};
	return channel->write(channel, parts, 4);
}
