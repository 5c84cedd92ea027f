/* Counters of attempts in a window of time: table limits. */
#ifndef LATCHKEY_RECORDS_LIMIT_STORE_H
#define LATCHKEY_RECORDS_LIMIT_STORE_H

#include "lib/database/database.h"

/* How many attempts of `subject` the current window has seen. */
int64_t limit_count(struct database *db, const char *subject, int64_t now);

/* Counts one; a window that ended starts anew with `seconds`. Gives the count. */
int64_t limit_add(struct database *db, const char *subject, int64_t seconds, int64_t now);

/* Takes one attempt off: it succeeded. */
void limit_take_back(struct database *db, const char *subject);

/* Forgets a subject: after a success. */
void limit_clear(struct database *db, const char *subject);

int64_t limit_remove_expired(struct database *db, int64_t now, int limit);

#endif
