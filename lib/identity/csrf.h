/* Forms come from our own pages, in the browser that they were made for (invariant 8). */
#ifndef LATCHKEY_IDENTITY_CSRF_H
#define LATCHKEY_IDENTITY_CSRF_H

#include "lib/http/context.h"

/* Rows of a form endpoint's parameter table. */
#define CSRF_PARAMETER { "csrf", is_base64url, 43, false }

/* The form's token: `secret` is the value of the cookie that binds it, `form` its name. */
char *csrf_token(struct context *c, const char *secret, const char *form);

/*
 * Refuses, without returning, a form whose Origin is another site's, whose Sec-Fetch-Site says cross-site, or whose
 * token is not the one of this browser and form. Headers that are missing prove nothing and are let pass.
 */
void csrf_require(struct context *c, const char *secret, const char *form);

/* The parts of it, for JSON endpoints, where the token stands in the body and the browser always sends Origin. */
enum csrf_origin { CSRF_ORIGIN_MAY_MISS, CSRF_ORIGIN_NEEDED };
void csrf_require_origin(struct context *c, enum csrf_origin origin);
void csrf_require_token(struct context *c, const char *secret, const char *form, const char *token);

#endif
