/* One request, from its first byte to its answer; and what a process keeps between two of them. */
#ifndef LATCHKEY_ENDPOINT_SERVE_H
#define LATCHKEY_ENDPOINT_SERVE_H

#include <stdbool.h>

#include "lib/http/channel.h"
#include "lib/http/context.h"

/*
 * What is the same for every request: the configuration, the connection to the database with its prepared statements.
 * Nothing here came from a request.
 */
struct kept {
	struct arena *arena;
	struct arena *lasting;       /* never reset: signing keys */
	const struct config *config; /* NULL: not read yet, likewise below */
	struct database *database;
	bool stays;                  /* there will be other requests */
};

/* Prepares c and kept for the first request. False if there is no memory. */
bool serve_prepare(struct context *c, struct kept *kept);

/* Reads a request, has the endpoint handle it, sends the answer. False if it could not be sent. */
bool serve_request(struct context *c, struct kept *kept, const struct channel *channel);

/* Forgets what was read from files that are not the ones any more: the request that follows reads it anew. */
void serve_refresh(struct kept *kept);

#endif
