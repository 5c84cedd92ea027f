/*
 * The CGI request (RFC 3875) as hostile input: what the environment and standard input say, checked and bounded.
 * Web servers differ in a dozen ways; what this reader relies on is what all of them do.
 */
#ifndef LATCHKEY_HTTP_REQUEST_H
#define LATCHKEY_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/config.h"
#include "lib/http/channel.h"
#include "lib/http/endpoint.h"

enum { REQUEST_BODY_LIMIT = 65536, REQUEST_QUERY_LIMIT = 16384 };

enum request_problem {
	REQUEST_FINE,
	REQUEST_HEADER_REPEATED,   /* 400: Authorization or Origin twice, or joined by a comma */
	REQUEST_LENGTH_REQUIRED,   /* 411: a body without a length */
	REQUEST_LENGTH_BAD,        /* 400: CONTENT_LENGTH is no number, or the body ended before it */
	REQUEST_TOO_LARGE,         /* 413: the body, or the query, is over its limit */
};

struct request {
	enum method method;
	const char *query;          /* QUERY_STRING, "" if none; still encoded */
	const char *content_type;   /* without parameters, small letters; "" if none */
	const char *body;           /* NUL-terminated; may have NULs inside: see body_length */
	size_t body_length;
	const char *authorization;  /* NULL if absent; likewise below */
	const char *cookie;         /* all Cookie headers, joined by "; " */
	const char *origin;
	const char *fetch_site;     /* Sec-Fetch-Site */
	const char *user_agent;     /* at most 256 bytes, no control characters, valid UTF-8 */
	const char *if_none_match;
	const char *accept;
	const char *address;        /* of the browser: REMOTE_ADDR, or the last X-Forwarded-For that no trusted proxy wrote */
};

/*
 * Reads the request that has come through `channel`. A body that is refused is
 * drained up to its limit first, since several servers answer 502 otherwise. Fields are set as far as they
 * could be read, whatever the result.
 */
enum request_problem request_read(struct arena *arena, const struct config *config, const struct channel *channel,
	struct request *request);

/* The bytes of an Authorization header after `scheme` (any case) and spaces; NULL if it is another scheme. */
const char *request_credentials(const struct request *request, const char *scheme);

#endif
