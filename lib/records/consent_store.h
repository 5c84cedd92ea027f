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

/* An application that has access: by consent, or by grants that still count where none was asked for. */
struct application {
	const char *client_id;
	const char *name;
	const char *uri;
	const char *logo_uri;
	const char *scope;      /* words allowed by consent; NULL: there is none, and the grants say */
	const char *claims;     /* words allowed one by one; NULL likewise */
	int64_t granted_at;     /* by consent, or by the oldest of the grants */
	int64_t last_used_at;
};

/* Calls `each` for a user's applications by name and id, at most `limit`, behind `name` and `client_id` ("", "": from the start). */
void consent_list_applications(struct database *db, const char *user_id, int64_t now, const char *name, const char *client_id,
	int limit, void (*each)(void *context, const struct application *application), void *context);

bool consent_remove(struct database *db, const char *user_id, const char *client_id);

#endif
