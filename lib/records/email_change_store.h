/* New e-mail addresses that wait to be proven, one a user: table email_changes. */
#ifndef LATCHKEY_RECORDS_EMAIL_CHANGE_STORE_H
#define LATCHKEY_RECORDS_EMAIL_CHANGE_STORE_H

#include "lib/database/database.h"

/* The address that waits; NULL if none does. */
const char *email_change_find(struct database *db, const char *user_id);

/* Takes the place of one that waited before: the link to that one has to be ended, too (link_remove_of_user). */
void email_change_save(struct database *db, const char *user_id, const char *email, int64_t now);

/* False if none waited. */
bool email_change_remove(struct database *db, const char *user_id);

#endif
