/* What handlers include: the context, the two ways out, the answers. */
#ifndef LATCHKEY_ENDPOINT_ENDPOINT_H
#define LATCHKEY_ENDPOINT_ENDPOINT_H

#include "lib/base/text.h"
#include "lib/database/database.h"
#include "lib/http/context.h"
#include "lib/protocol/errors.h"

/* Prints the endpoint's own struct on standard output, line by line, for `latchkey privileges`. */
void endpoint_describe(const struct endpoint *endpoint);

#endif
