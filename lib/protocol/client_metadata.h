/*
 * Client metadata as JSON (RFC 7591 2) to and from struct client. Members of our own stand beside those of the
 * RFC; unknown ones are ignored, as RFC 7591 2 wants, but a known one of a wrong type or value is an error.
 */
#ifndef LATCHKEY_PROTOCOL_CLIENT_METADATA_H
#define LATCHKEY_PROTOCOL_CLIENT_METADATA_H

#include "lib/base/buffer.h"
#include "lib/records/client_store.h"

struct cJSON;

enum { CLIENT_SECRET_SHORTEST = 32, CLIENT_SECRET_LONGEST = 256, CLIENT_ID_LONGEST = 128 };

/* The errors of RFC 7591 3.2.2. */
enum client_metadata_result {
	CLIENT_METADATA_FINE,
	CLIENT_METADATA_INVALID_REDIRECT_URI,
	CLIENT_METADATA_INVALID,
};

/*
 * Fills `client` with what the object says and with defaults. client->client_id may hold the id to use when the
 * object names none. The secret is only checked: client->secret stays NULL for the caller to seal it, see
 * client_metadata_secret(). On failure *error is a sentence.
 */
enum client_metadata_result client_metadata_read(struct arena *arena, const struct cJSON *object,
	struct client *client, const char **error);

/* The client_secret that the object brings along, in clear; NULL if it brings none. Only after client_metadata_read(). */
const char *client_metadata_secret(const struct cJSON *object);

/*
 * Writes the client information response (RFC 7591 3.2.1). `secret` in clear, NULL to leave it out. A method that
 * was left open is left out as well: readers take that for client_secret_basic, which such a client may use.
 */
void client_metadata_write(struct buffer *out, const struct client *client, const char *secret);

#endif
