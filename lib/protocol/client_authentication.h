/* Who calls the token endpoint and its like: client authentication (RFC 6749 2.3, 3.2.1). */
#ifndef LATCHKEY_PROTOCOL_CLIENT_AUTHENTICATION_H
#define LATCHKEY_PROTOCOL_CLIENT_AUTHENTICATION_H

#include "lib/http/context.h"
#include "lib/protocol/client_assertion.h"
#include "lib/records/client_store.h"

/* Rows of an endpoint's parameter table, and what it must declare in its privileges. */
#define CLIENT_SECRET_PARAMETERS \
	{ "client_secret", is_printable_ascii, 1024, false }, \
	{ "client_assertion", is_visible_ascii, CLIENT_ASSERTION_LONGEST, false }, \
	{ "client_assertion_type", is_visible_ascii, 128, false }
#define CLIENT_AUTHENTICATION_PARAMETERS { "client_id", is_printable_ascii, 255, false }, CLIENT_SECRET_PARAMETERS
#define CLIENT_AUTHENTICATION_TABLES "clients limits audit " CLIENT_ASSERTION_TABLES
#define CLIENT_AUTHENTICATION_KEYS "clients"

/* The purpose that a client's secret is sealed for. */
char *client_secret_purpose(struct arena *arena, const char *client_id);

/*
 * The client that the request proves to come from, or, for a public client, names. Refuses with invalid_client or
 * invalid_request and does not return otherwise. May write (the fast verifier; the audit log): call it outside
 * of transactions.
 */
const struct client *client_authentication_require(struct context *c);

#endif
