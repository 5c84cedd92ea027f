/*
 * What an endpoint says of itself: one const struct at the end of its file. The request loop enforces it
 * before the handler runs, `latchkey privileges` prints it, PRIVILEGES.md is made from it.
 */
#ifndef LATCHKEY_HTTP_ENDPOINT_H
#define LATCHKEY_HTTP_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

struct context;

/* What a handler returns. Only answer helpers make these: done(), refuse(). */
enum outcome { OUTCOME_ANSWERED, OUTCOME_REFUSED };

enum method { METHOD_GET = 1, METHOD_HEAD = 2, METHOD_POST = 4, METHOD_OPTIONS = 8, METHOD_OTHER = 16 };

/* How errors of an endpoint look. */
enum answer_kind {
	ANSWERS_PAGES,  /* an HTML page */
	ANSWERS_JSON,   /* {"error": …, "error_description": …} (RFC 6749 5.2) */
	ANSWERS_BEARER, /* JSON, and a WWW-Authenticate: Bearer header (RFC 6750 3) */
};

struct parameter {
	const char *name;                /* NULL ends a table */
	bool (*valid)(const char *text); /* lib/http/parameters.h has the usual ones */
	size_t longest;                  /* bytes after decoding */
	bool repeatable;                 /* else a second one is refused (RFC 6749 3.1) */
};

struct endpoint {
	const char *name;                   /* "token": served as <issuer><endpoint_path>/token */
	const char *purpose;                /* one sentence */
	const char *specification;          /* "RFC 6749 3.2; RFC 7636 4.5" */
	unsigned methods;                   /* METHOD_GET | METHOD_POST; HEAD comes with GET, OPTIONS with cors */
	enum answer_kind answers;
	bool cors;                          /* browsers of any origin may call it, without credentials */
	bool json;                          /* a POST's body is JSON, and the handler parses it; it has no parameters */
	bool parameters_later;              /* the handler calls parameters_require() itself, when it can answer by redirect */
	const struct parameter *parameters; /* NULL: none */
	const char *reads;                  /* words: tables it may read beside those that it writes; NULL: none */
	const char *writes;                 /* words: tables it may insert into, update and delete from (and read) */
	const char *keys;                   /* words: "signing", "credentials", "clients": files below keys/ it may open */
	enum outcome (*handle)(struct context *c);
};

/* Each program defines exactly one. */
extern const struct endpoint endpoint;

#endif
