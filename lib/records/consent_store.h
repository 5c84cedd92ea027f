/* What users allowed applications to have: table consents. */
#ifndef LATCHKEY_RECORDS_CONSENT_STORE_H
#define LATCHKEY_RECORDS_CONSENT_STORE_H

#include "lib/database/database.h"

struct consent {
	const char *user_id;
	const char *client_id;
	const char *scope;
	const char *claims;
	int64_t granted_at;
	int64_t last_used_at;
};

/* NULL if there is none. */
const struct consent *consent_find(struct database *db, const char *user_id, const char *client_id);

/* Inserts, or replaces scope, claims and times. */
void consent_save(struct database *db, const struct consent *consent);

void consent_touch(struct database *db, const char *user_id, const char *client_id, int64_t now);

bool consent_remove(struct database *db, const char *user_id, const char *client_id);

#endif
