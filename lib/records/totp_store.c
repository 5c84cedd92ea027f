#include "lib/records/totp_store.h"

const struct totp_row *totp_row_find(struct database *db, const char *user_id)
{
	struct statement *row = database_query(db,
		"SELECT seed, created_at, confirmed_at, last_step FROM totp WHERE user_id = ?1", "t", user_id);
	struct totp_row *totp = NULL;

	if (statement_row(row)) {
		totp = arena_alloc(database_arena(db), sizeof *totp);
		totp->seed = statement_text(row, 0);
		totp->created_at = statement_number(row, 1);
		totp->confirmed_at = statement_number(row, 2);
		totp->last_step = statement_number(row, 3);
	}
	statement_end(row);
	return totp;
}

bool totp_row_begin(struct database *db, const char *user_id, const char *seed, int64_t now)
{
	return database_change(db, "INSERT INTO totp (user_id, seed, created_at) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (user_id) DO UPDATE SET seed = excluded.seed, created_at = excluded.created_at"
		" WHERE confirmed_at IS NULL", "ttn", user_id, seed, now) == 1;
}

bool totp_row_confirm(struct database *db, const char *user_id, const char *seed, int64_t step, int64_t now)
{
	return database_change(db, "UPDATE totp SET confirmed_at = ?4, last_step = ?3"
		" WHERE user_id = ?1 AND seed = ?2 AND confirmed_at IS NULL", "ttnn", user_id, seed, step, now) == 1;
}

bool totp_row_use_step(struct database *db, const char *user_id, int64_t step)
{
	return database_change(db, "UPDATE totp SET last_step = ?2"
		" WHERE user_id = ?1 AND confirmed_at IS NOT NULL AND (last_step IS NULL OR last_step < ?2)", "tn", user_id, step) == 1;
}

bool totp_row_remove(struct database *db, const char *user_id)
{
	return database_change(db, "DELETE FROM totp WHERE user_id = ?1", "t", user_id) == 1;
}
