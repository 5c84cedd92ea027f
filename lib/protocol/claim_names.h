/* Names of claims that an operator may give out: by `user add`, by a client's claim_mapping. */
#ifndef LATCHKEY_PROTOCOL_CLAIM_NAMES_H
#define LATCHKEY_PROTOCOL_CLAIM_NAMES_H

#include <stdbool.h>

enum { CLAIM_NAME_LONGEST = 128 };

/* Visible ASCII without quotation marks and backslashes; a URL as a namespace is fine (RFC 7519 4.2). */
bool claim_name_is_valid(const char *name);

/* A claim that means the token or the sign-in itself: nobody may set it, or a client would believe it. */
bool claim_name_is_reserved(const char *name);

#endif
