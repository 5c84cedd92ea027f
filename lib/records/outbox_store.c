#include "lib/records/outbox_store.h"

void outbox_add(struct database *db, const char *kind, const char *user_id, const char *client_id, int64_t now)
{
	database_change(db, "INSERT INTO outbox (kind, user_id, client_id, created_at) VALUES (?1, ?2, ?3, ?4)", "tttn",
		kind, user_id, client_id, now);
}
