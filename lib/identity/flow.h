/*
 * Each authorization request under way is a flow of its own, bound to the browser by a cookie of its own: tabs
 * opened together never mix, and nobody can be made to finish the sign-in of somebody else.
 */
#ifndef LATCHKEY_IDENTITY_FLOW_H
#define LATCHKEY_IDENTITY_FLOW_H

#include "lib/http/context.h"
#include "lib/records/flow_store.h"

/* A row of the parameter table of pages that belong to a flow. */
#define FLOW_PARAMETER { "flow", is_base64url, 32, false }
#define FLOW_TABLES "flows limits"

/*
 * Stores a new flow (its id and secret are made here; an id_token_hint is replaced by the sealed one) in a relaxed transaction
 * and sets its cookie. Refuses when one address starts too many. Writes flows, limits.
 */
void flow_open(struct context *c, struct flow *flow);

/* A flow of somebody who signs in without an application. */
void flow_open_alone(struct context *c);

/* A flow of somebody who signs in again for the account page: nobody but `user_id` (NULL: anybody). */
void flow_open_again(struct context *c, const char *user_id);

/* The flow that the request names, if it is this browser's: refuses otherwise. */
const struct flow *flow_require(struct context *c);

/*
 * The id_token_hint of a flow that flow_require() found and that has one, in clear: the row has it sealed by the flow's cookie.
 * One that does not open is a flow that nobody knows: refuses.
 */
const char *flow_id_token_hint(struct context *c, const struct flow *flow);

/* The value of the flow's cookie: what its forms are bound to. */
const char *flow_secret(struct context *c, const struct flow *flow);

/* The URL of an endpoint for this flow. */
char *flow_url(struct context *c, const char *endpoint_name, const struct flow *flow);

/* 303 to that URL. */
enum outcome flow_go_to(struct context *c, const char *endpoint_name, const struct flow *flow);

/* Clears its cookie: the flow has ended. */
void flow_forget(struct context *c, const struct flow *flow);

/* The user is known: on to /authorize, which decides what comes next, or, without an application, to the account page. */
enum outcome flow_go_on(struct context *c, const struct flow *flow);

#endif
