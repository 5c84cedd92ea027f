/* What an application may have, in sentences: for the consent page, and for the list of applications. */
#ifndef LATCHKEY_PROTOCOL_PERMISSION_TEXT_H
#define LATCHKEY_PROTOCOL_PERMISSION_TEXT_H

#include "lib/http/context.h"
#include "lib/protocol/target.h"

/* What it reads. */
#define PERMISSION_TEXT_TABLES TARGET_TABLES

/* A sentence about a scope, or about a resource behind SCOPE_RESOURCE_PREFIX. What is not known any more is named as it is. */
const char *permission_scope_text(struct context *c, const char *scope);

/* A sentence about a claim that is allowed by itself. */
const char *permission_claim_text(struct context *c, const char *claim);

#endif
