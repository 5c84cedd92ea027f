/*
 * Parameters by the endpoint's table: decoded (application/x-www-form-urlencoded, as the WHATWG URL standard
 * reads it), bounded, each at most once unless its row says otherwise. An empty one counts as absent
 * (RFC 6749 3.1), an unknown one is ignored. A GET's stand in the query, a POST's in the body, never both.
 */
#ifndef LATCHKEY_HTTP_PARAMETERS_H
#define LATCHKEY_HTTP_PARAMETERS_H

#include <stdbool.h>

#include "lib/base/arena.h"
#include "lib/http/endpoint.h"
#include "lib/http/request.h"

struct context;

enum parameter_problem {
	PARAMETER_FINE,
	PARAMETER_REPEATED,
	PARAMETER_TOO_LONG,
	PARAMETER_MALFORMED, /* its validator says no, or it has a NUL or a broken %-escape */
};

struct parameter_value {
	const char *name;
	const char *text;             /* decoded */
	enum parameter_problem problem;
};

struct parameters {
	struct parameter_value *values; /* those present, in the order sent */
	int count;
};

/* Decodes what the table names. Sets no errors: each value carries its own problem. */
struct parameters parameters_read(struct arena *arena, const struct parameter *table, const struct request *request);

/* The first value without a problem; NULL if absent, empty or with a problem. */
const char *parameter(const struct context *c, const char *name);

/* The index-th value of a repeatable one; NULL past the last. */
const char *parameter_at(const struct context *c, const char *name, int index);

/* The first value that has a problem, of `name` or (NULL) of any; NULL if all are fine. */
const struct parameter_value *parameters_problem(const struct context *c, const char *name);

/* A sentence for the client's developer: "The parameter scope is repeated." */
const char *parameter_problem_text(struct arena *arena, const struct parameter_value *value);

/* Decodes one name or value of a form: + and %XX. NULL if an escape is broken or it decodes to a NUL. */
char *form_decode(struct arena *arena, const char *text, size_t length);

/* Encodes for a query or a form: all but letters, digits, and -._~ as %XX. */
char *form_encode(struct arena *arena, const char *text);

/* Validators. */
bool is_bytes(const char *text);        /* anything (state) */
bool is_text(const char *text);         /* UTF-8 without control characters */
bool is_multiline(const char *text);    /* UTF-8; tab, CR and LF allowed */
bool is_visible_ascii(const char *text);/* 0x21 to 0x7e: ids, codes, tokens */
bool is_printable_ascii(const char *text); /* 0x20 to 0x7e: client secrets (RFC 6749 A.2), nonce */
bool is_words(const char *text);        /* scope-tokens with single spaces between (RFC 6749 3.3) */
bool is_number(const char *text);       /* 1 to 18 digits */
bool is_base64url(const char *text);    /* A-Z a-z 0-9 - _ */
bool is_pkce(const char *text);         /* 43 to 128 of A-Z a-z 0-9 - . _ ~ (RFC 7636 4.1, 4.2) */
bool is_uri(const char *text);          /* visible ASCII, without " < > \ ^ ` { | } */

#endif
