/* Client assertions that were used, each of which counts once: table assertions. */
#ifndef LATCHKEY_RECORDS_ASSERTION_STORE_H
#define LATCHKEY_RECORDS_ASSERTION_STORE_H

#include "lib/database/database.h"

/* Remembers one by its hash (32 bytes) until it would be refused anyway; false if it was used already. */
bool assertion_use(struct database *db, const unsigned char *assertion_hash, int64_t expires_at);

int64_t assertion_remove_expired(struct database *db, int64_t now, int limit);

#endif
