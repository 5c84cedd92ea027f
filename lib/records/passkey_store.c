#include "lib/records/passkey_store.h"

#define COLUMNS "credential_id, user_id, name, public_jwk, sign_count, backed_up, transports, created_at, last_used_at"

static struct passkey *read_passkey(struct database *db, struct statement *row)
{
	struct passkey *passkey = arena_alloc(database_arena(db), sizeof *passkey);

	passkey->credential_id = statement_bytes(row, 0, &passkey->credential_id_length);
	passkey->user_id = statement_text(row, 1);
	passkey->name = statement_text(row, 2);
	passkey->public_jwk = statement_text(row, 3);
	passkey->sign_count = statement_number(row, 4);
	passkey->backed_up = statement_number(row, 5) != 0;
	passkey->transports = statement_text(row, 6);
	passkey->created_at = statement_number(row, 7);
	passkey->last_used_at = statement_number(row, 8);
	return passkey;
}

int64_t passkey_count(struct database *db, const char *user_id)
{
	struct statement *row = database_query(db, "SELECT count(*) FROM passkeys WHERE user_id = ?1", "t", user_id);
	int64_t count = statement_row(row) ? statement_number(row, 0) : 0;

	statement_end(row);
	return count;
}

const struct passkey *passkey_find(struct database *db, const void *credential_id, size_t length)
{
	struct statement *row = database_query(db, "SELECT " COLUMNS " FROM passkeys WHERE credential_id = ?1", "b", credential_id, length);
	const struct passkey *passkey = statement_row(row) ? read_passkey(db, row) : NULL;

	statement_end(row);
	return passkey;
}

void passkey_list(struct database *db, const char *user_id, void (*each)(void *context, const struct passkey *passkey), void *context)
{
	struct statement *rows = database_query(db,
		"SELECT " COLUMNS " FROM passkeys WHERE user_id = ?1 ORDER BY created_at, credential_id", "t", user_id);

	while (statement_row(rows))
		each(context, read_passkey(db, rows));
}

bool passkey_insert(struct database *db, const struct passkey *passkey)
{
	return database_change(db,
		"INSERT INTO passkeys (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING", "btttnntno",
		(const void *)passkey->credential_id, passkey->credential_id_length, passkey->user_id, passkey->name,
		passkey->public_jwk, passkey->sign_count, (int64_t)passkey->backed_up, passkey->transports, passkey->created_at,
		passkey->last_used_at) == 1;
}

bool passkey_rename(struct database *db, const char *user_id, const void *credential_id, size_t length, const char *name)
{
	return database_change(db, "UPDATE passkeys SET name = ?3 WHERE credential_id = ?2 AND user_id = ?1", "tbt", user_id,
		credential_id, length, name) == 1;
}

bool passkey_remove(struct database *db, const char *user_id, const void *credential_id, size_t length)
{
	return database_change(db, "DELETE FROM passkeys WHERE credential_id = ?2 AND user_id = ?1", "tb", user_id, credential_id,
		length) == 1;
}

int64_t passkey_remove_all(struct database *db, const char *user_id)
{
	return database_change(db, "DELETE FROM passkeys WHERE user_id = ?1", "t", user_id);
}

bool passkey_use(struct database *db, const struct passkey *used, int64_t sign_count, bool backed_up, int64_t now)
{
	return database_change(db, "UPDATE passkeys SET sign_count = ?3, backed_up = ?4, last_used_at = ?5"
		" WHERE credential_id = ?1 AND sign_count = ?2", "bnnnn", (const void *)used->credential_id,
		used->credential_id_length, used->sign_count, sign_count, (int64_t)backed_up, now) == 1;
}
