/* The claims parameter (OpenID Connect Core 5.5). Parses JSON: only programs that may link the parser use this. */
#ifndef LATCHKEY_PROTOCOL_CLAIMS_REQUEST_H
#define LATCHKEY_PROTOCOL_CLAIMS_REQUEST_H

#include <stdbool.h>

#include "lib/base/arena.h"

struct claims_request {
	const char *id_token; /* words: claims of this server asked for one by one; "" if none */
	const char *userinfo;
	const char *sub;      /* the only user who may answer it; NULL: anybody */
};

/* False if it is no JSON object. What this server does not have is left out: asking for it is no error (5.5.1). */
bool claims_request_read(struct arena *arena, const char *json, struct claims_request *request);

#endif
