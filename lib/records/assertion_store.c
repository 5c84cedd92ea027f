#include "lib/records/assertion_store.h"

bool assertion_use(struct database *db, const unsigned char *assertion_hash, int64_t expires_at)
{
	return database_change(db, "INSERT INTO assertions (assertion_hash, expires_at) VALUES (?1, ?2)"
		" ON CONFLICT (assertion_hash) DO NOTHING", "hn", assertion_hash, expires_at) == 1;
}

int64_t assertion_remove_expired(struct database *db, int64_t now, int limit)
{
	return database_change(db, "DELETE FROM assertions WHERE assertion_hash IN"
		" (SELECT assertion_hash FROM assertions WHERE expires_at <= ?1 LIMIT ?2)", "nn", now, (int64_t)limit);
}
