/* What an authorization request still needs from its user: the one place that decides between the pages. */
#ifndef LATCHKEY_PROTOCOL_INTERACTION_H
#define LATCHKEY_PROTOCOL_INTERACTION_H

#include "lib/http/context.h"
#include "lib/records/client_store.h"
#include "lib/records/consent_store.h"
#include "lib/records/flow_store.h"
#include "lib/records/session_store.h"

/* In this order. */
enum step {
	STEP_READ, /* claims or id_token_hint have to be read, by the program that is linked with what that takes */
	STEP_LOGIN,
	STEP_SECOND_FACTOR, /* who is signed in has to prove more */
	STEP_SELECT_ACCOUNT,
	STEP_CONSENT,
	STEP_FINISH,
};

/*
 * `session` NULL: nobody is signed in. `client` NULL: a sign-in without an application, which needs no consent. Reads users
 * and consents.
 */
enum step interaction_next(struct context *c, const struct flow *flow, const struct client *client,
	const struct session *session);

/* What prompt=none answers instead of showing a page (Core 3.1.2.6); NULL where no page would be shown. */
const struct error *interaction_error(enum step step);

/*
 * What the user is asked for beside claims: scopes, and resources behind SCOPE_RESOURCE_PREFIX, but for the issuer. A token
 * for an API is something to allow even without a scope, or who may sign in could silently become who may use the API.
 */
char *interaction_asked_scope(struct context *c, const struct flow *flow);

/* The part of it and of claims that the user has not allowed yet. */
struct missing_consent {
	const char *scope, *claims;     /* words; "" if nothing is missing */
	const char *known_scope;        /* words allowed before */
};
struct missing_consent interaction_missing_consent(struct context *c, const struct flow *flow,
	const struct consent *consent);

/* A public client that any application on the device could pretend to be (RFC 8252 8.6). */
bool interaction_is_impersonable(const struct flow *flow, const struct client *client);

#endif
