/*
 * Cookies (RFC 6265bis): __Host- and Secure under https, HttpOnly, SameSite=Lax, Path=/. Names end in six
 * characters of SHA-256(issuer), since cookies ignore ports: two issuers on one host never share one.
 */
#ifndef LATCHKEY_HTTP_COOKIES_H
#define LATCHKEY_HTTP_COOKIES_H

#include <stdint.h>

struct context;

/* The full name of the cookie for `purpose` ("session", "flow-0f3a…"). */
const char *cookie_name(struct context *c, const char *purpose);

/* The value that the browser sent; NULL if none, malformed (only A-Z a-z 0-9 - _ counts), or sent twice with different values. */
const char *cookie_find(struct context *c, const char *purpose);

/* Walks the purposes of all cookies of this issuer that begin with `prefix`: start with *cursor NULL; NULL at the end. */
const char *cookie_next(struct context *c, const char *prefix, const char **cursor);

/* Sets it for so many seconds, or (0) until the browser is closed. */
void cookie_set(struct context *c, const char *purpose, const char *value, int64_t seconds);

void cookie_clear(struct context *c, const char *purpose);

#endif
