#include "lib/records/email_change_store.h"

const char *email_change_find(struct database *db, const char *user_id)
{
	struct statement *row = database_query(db, "SELECT email FROM email_changes WHERE user_id = ?1", "t", user_id);
	const char *email = statement_row(row) ? statement_text(row, 0) : NULL;

	statement_end(row);
	return email;
}

void email_change_save(struct database *db, const char *user_id, const char *email, int64_t now)
{
	database_change(db, "INSERT INTO email_changes (user_id, email, created_at) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (user_id) DO UPDATE SET email = excluded.email, created_at = excluded.created_at", "ttn",
		user_id, email, now);
}

bool email_change_remove(struct database *db, const char *user_id)
{
	return database_change(db, "DELETE FROM email_changes WHERE user_id = ?1", "t", user_id) == 1;
}
