/* The authorization request and its checks (RFC 6749 4.1.1; OpenID Connect Core 3.1.2.1; RFC 7636 4.3; RFC 9700 2.1). */
#ifndef LATCHKEY_PROTOCOL_AUTHORIZATION_REQUEST_H
#define LATCHKEY_PROTOCOL_AUTHORIZATION_REQUEST_H

#include "lib/http/context.h"
#include "lib/http/parameters.h"
#include "lib/protocol/target.h"
#include "lib/records/client_store.h"
#include "lib/records/flow_store.h"

/* Rows of an endpoint's parameter table, and the tables that the checks read. */
#define AUTHORIZATION_REQUEST_PARAMETERS \
	{ "client_id", is_printable_ascii, 255, false }, \
	{ "redirect_uri", is_uri, 2000, false }, \
	{ "response_type", is_words, 64, false }, \
	{ "response_mode", is_words, 32, false }, \
	{ "scope", is_words, 2048, false }, \
	{ "state", is_bytes, 4096, false }, \
	{ "nonce", is_text, 512, false }, \
	{ "code_challenge", is_pkce, 128, false }, \
	{ "code_challenge_method", is_words, 16, false }, \
	{ "prompt", is_words, 128, false }, \
	{ "max_age", is_number, 18, false }, \
	{ "acr_values", is_words, 1024, false }, \
	{ "login_hint", is_text, 256, false }, \
	{ "id_token_hint", is_visible_ascii, 8192, false }, \
	{ "claims", is_multiline, 4096, false }, \
	TARGET_PARAMETER, \
	{ "request", is_visible_ascii, 16384, false }, \
	{ "request_uri", is_uri, 2048, false }, \
	{ "registration", is_multiline, 16384, false }
#define AUTHORIZATION_REQUEST_TABLES "clients " TARGET_TABLES

/*
 * Reads and checks the request: an error page before client and redirect URI are verified, an error for the client
 * after. Gives the request as a flow that is not stored yet (no flow_id), and its client; does not return on error.
 * For PAR `authenticated` is the client that sent it, and errors stay here; for authorize it is NULL, and a request_uri
 * from PAR is taken up.
 */
struct flow *authorization_request_require(struct context *c, const struct client *authenticated,
	const struct client **client);

/* The client of a stored flow, which may have been disabled or changed since; refuses with a page. */
const struct client *authorization_client_require(struct context *c, const struct flow *flow);

#endif
