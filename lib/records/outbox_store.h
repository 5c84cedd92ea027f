/* What has to be sent: table outbox. A row is a reference, never a secret. */
#ifndef LATCHKEY_RECORDS_OUTBOX_STORE_H
#define LATCHKEY_RECORDS_OUTBOX_STORE_H

#include "lib/database/database.h"

#define OUTBOX_ALERT_REFRESH_REUSE "alert.refresh_reuse"

/* In the transaction of what it tells about. */
void outbox_add(struct database *db, const char *kind, const char *user_id, const char *client_id, int64_t now);

#endif
