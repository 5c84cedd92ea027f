/* Redirect URIs: what may be registered, and exact matching (RFC 9700 2.1; RFC 8252 7, 8). */
#ifndef LATCHKEY_PROTOCOL_REDIRECT_URI_H
#define LATCHKEY_PROTOCOL_REDIRECT_URI_H

#include <stdbool.h>

#include "lib/records/client_store.h"

enum redirect_kind {
	REDIRECT_HTTPS,
	REDIRECT_LOOPBACK,    /* http to 127.0.0.1, [::1] or localhost */
	REDIRECT_PRIVATE_USE, /* app.immich:///oauth-callback (RFC 8252 7.1) */
	REDIRECT_HTTP,        /* plain http to any other host: confidential clients alone, by the operator, with a warning */
	REDIRECT_BAD,         /* no URI, a fragment, user information, a wildcard, javascript:, data:, … */
};

enum redirect_kind redirect_uri_kind(const char *uri);

/*
 * Whether the client registered it: equal to the byte. The one exception is the port where host and scheme are
 * http on 127.0.0.1, [::1] or localhost (RFC 8252 7.3), registered with or without a port.
 */
bool redirect_uri_matches(const struct client *client, const char *uri);

/* scheme://host[:port] of a URI, for comparing origins; NULL if it has none. */
char *redirect_uri_origin(struct arena *arena, const char *uri);

#endif
