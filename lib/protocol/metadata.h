/* What this server says of itself (OpenID Connect Discovery 3; RFC 8414 2). */
#ifndef LATCHKEY_PROTOCOL_METADATA_H
#define LATCHKEY_PROTOCOL_METADATA_H

#include "lib/base/buffer.h"
#include "lib/base/config.h"

/* Writes the document as JSON. */
void metadata_write(struct buffer *out, const struct config *config);

#endif
