#include "lib/records/recovery_code_store.h"

void recovery_code_insert(struct database *db, const char *user_id, const unsigned char *code_hash, int64_t now)
{
	database_change(db, "INSERT INTO recovery_codes (code_hash, user_id, created_at) VALUES (?1, ?2, ?3)", "htn",
		code_hash, user_id, now);
}

bool recovery_code_is_unused(struct database *db, const char *user_id, const unsigned char *code_hash)
{
	struct statement *row = database_query(db,
		"SELECT 1 FROM recovery_codes WHERE code_hash = ?1 AND user_id = ?2 AND used_at IS NULL", "ht", code_hash, user_id);
	bool is = statement_row(row);

	statement_end(row);
	return is;
}

bool recovery_code_use(struct database *db, const char *user_id, const unsigned char *code_hash, int64_t now)
{
	return database_change(db, "UPDATE recovery_codes SET used_at = ?3"
		" WHERE code_hash = ?1 AND user_id = ?2 AND used_at IS NULL", "htn", code_hash, user_id, now) == 1;
}

int64_t recovery_code_left(struct database *db, const char *user_id, int64_t *created_at)
{
	struct statement *row = database_query(db,
		"SELECT count(*) - count(used_at), max(created_at) FROM recovery_codes WHERE user_id = ?1", "t", user_id);
	int64_t left = 0;

	if (statement_row(row)) {
		left = statement_number(row, 0);
		if (created_at)
			*created_at = statement_number(row, 1);
	}
	statement_end(row);
	return left;
}

int64_t recovery_code_remove_all(struct database *db, const char *user_id)
{
	return database_change(db, "DELETE FROM recovery_codes WHERE user_id = ?1", "t", user_id);
}
