/* Browsers that users signed in from before: table devices. */
#ifndef LATCHKEY_RECORDS_DEVICE_STORE_H
#define LATCHKEY_RECORDS_DEVICE_STORE_H

#include "lib/database/database.h"

enum { DEVICES_MOST = 50 }; /* a user: those unseen for longest give way */

/* Sets last_seen_at; false if the user never signed in from it. `device_hash` is 32 bytes. */
bool device_touch(struct database *db, const char *user_id, const unsigned char *device_hash, int64_t now);

/* Adds one that device_touch() did not know. */
void device_insert(struct database *db, const char *user_id, const unsigned char *device_hash, int64_t now);

/* Forgets the one from which a session began, while that session is still there. */
void device_remove_of_session(struct database *db, const char *user_id, const char *sid);

/* How many devices of the user are known. */
int64_t device_count(struct database *db, const char *user_id);

/* Whether any device of the user is known. */
bool device_any(struct database *db, const char *user_id);

#endif
