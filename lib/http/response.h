/*
 * The answer: buffered whole, written once, in the form that every CGI server understands (Status first,
 * absolute Location). Nothing else in the project writes to standard output.
 */
#ifndef LATCHKEY_HTTP_RESPONSE_H
#define LATCHKEY_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buffer.h"
#include "lib/http/channel.h"
#include "lib/http/endpoint.h"

struct context;

struct response {
	int status;
	struct buffer headers; /* complete lines */
	struct buffer body;
	bool cacheable;        /* else Cache-Control: no-store goes out */
};

/* An empty 200. */
struct response response_create(struct arena *arena);

/* Adds a header. A value with CR, LF or NUL never gets out: the request fails. */
void response_header(struct context *c, const char *name, const char *value);

/* Allows caches to keep the answer for so long (discovery, jwks). */
void response_cache(struct context *c, int64_t seconds);

/* Adds a strong ETag of the body as it stands; true if the client has just this one (RFC 9110 13.1.2). */
bool response_tag(struct context *c);

/* The body is what was written into c->response.body. */
enum outcome response_json(struct context *c, int status);
enum outcome response_html(struct context *c, int status);

/* 204 without a body. */
enum outcome response_empty(struct context *c);

/* 304 without a body; the headers so far stay. */
enum outcome response_not_modified(struct context *c);

/* 303 to an absolute URL. */
enum outcome response_redirect(struct context *c, const char *url);

/* Drops headers (cookies too) and body, for an error that replaces what was begun. */
void response_reset(struct context *c);

/* Writes it to the channel (without the body for HEAD), with the headers that go on every answer. False if it could not be written. */
bool response_send(struct context *c, const struct channel *channel);

#endif
