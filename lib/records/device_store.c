#include "lib/records/device_store.h"

bool device_touch(struct database *db, const char *user_id, const unsigned char *device_hash, int64_t now)
{
	return database_change(db, "UPDATE devices SET last_seen_at = ?3 WHERE user_id = ?1 AND device_hash = ?2", "thn",
		user_id, device_hash, now) == 1;
}

void device_insert(struct database *db, const char *user_id, const unsigned char *device_hash, int64_t now)
{
	/* Room first, so that the new one never goes itself. */
	database_change(db, "DELETE FROM devices WHERE user_id = ?1 AND device_hash NOT IN (SELECT device_hash FROM devices"
		" WHERE user_id = ?1 ORDER BY last_seen_at DESC, created_at DESC, device_hash LIMIT ?2)", "tn", user_id,
		(int64_t)(DEVICES_MOST - 1));
	database_change(db, "INSERT INTO devices (user_id, device_hash, created_at, last_seen_at) VALUES (?1, ?2, ?3, ?3)", "thn",
		user_id, device_hash, now);
}

bool device_any(struct database *db, const char *user_id)
{
	struct statement *row = database_query(db, "SELECT 1 FROM devices WHERE user_id = ?1 LIMIT 1", "t", user_id);
	bool any = statement_row(row);

	statement_end(row);
	return any;
}

void device_remove_of_session(struct database *db, const char *user_id, const char *sid)
{
	/* Both rows were made by one request, at one time. */
	database_change(db, "DELETE FROM devices WHERE user_id = ?1 AND created_at IN"
		" (SELECT created_at FROM sessions WHERE user_id = ?1 AND sid = ?2)", "tt", user_id, sid);
}

int64_t device_count(struct database *db, const char *user_id)
{
	struct statement *row = database_query(db, "SELECT count(*) FROM devices WHERE user_id = ?1", "t", user_id);
	int64_t count = statement_row(row) ? statement_number(row, 0) : 0;

	statement_end(row);
	return count;
}
