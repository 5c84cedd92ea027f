/*
 * How often clients got tokens for themselves (client_credentials), by client and minute: rows "cc:MINUTE:CLIENT" of
 * table limits. Machines ask for tokens all day long, so a row of the audit log for each would bury the rest and grow
 * without bound (invariant 10). Rows of the audit log never change, so the count is written there once the minute is over.
 */
#ifndef LATCHKEY_RECORDS_USAGE_STORE_H
#define LATCHKEY_RECORDS_USAGE_STORE_H

#include "lib/database/database.h"

/* Counts one token. Gives how many the client got in this minute. */
int64_t usage_count(struct database *db, const char *client_id, int64_t now);

/* Moves counts of minutes that are over to the audit log, at most `limit`. Gives how many. */
int64_t usage_close(struct database *db, int64_t now, int limit);

#endif
