#include "lib/records/limit_store.h"

int64_t limit_count(struct database *db, const char *subject, int64_t now)
{
	struct statement *row = database_query(db,
		"SELECT attempts FROM limits WHERE subject = ?1 AND expires_at > ?2", "tn", subject, now);
	int64_t count = statement_row(row) ? statement_number(row, 0) : 0;

	statement_end(row);
	return count;
}

int64_t limit_add(struct database *db, const char *subject, int64_t seconds, int64_t now)
{
	struct statement *row = database_query(db,
		"INSERT INTO limits (subject, attempts, expires_at) VALUES (?1, 1, ?2)"
		" ON CONFLICT (subject) DO UPDATE SET"
		" attempts = CASE WHEN limits.expires_at <= ?3 THEN 1 ELSE limits.attempts + 1 END,"
		" expires_at = CASE WHEN limits.expires_at <= ?3 THEN excluded.expires_at ELSE limits.expires_at END"
		" RETURNING attempts", "tnn", subject, now + seconds, now);
	int64_t count = statement_row(row) ? statement_number(row, 0) : 0;

	statement_end(row);
	return count;
}

void limit_take_back(struct database *db, const char *subject)
{
	database_change(db, "UPDATE limits SET attempts = attempts - 1 WHERE subject = ?1 AND attempts > 0", "t", subject);
}

void limit_clear(struct database *db, const char *subject)
{
	database_change(db, "DELETE FROM limits WHERE subject = ?1", "t", subject);
}

int64_t limit_remove_expired(struct database *db, int64_t now, int limit)
{
	return database_change(db, "DELETE FROM limits WHERE subject IN"
		" (SELECT subject FROM limits WHERE expires_at <= ?1 LIMIT ?2)", "nn", now, (int64_t)limit);
}
