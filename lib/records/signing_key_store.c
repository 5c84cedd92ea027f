#include "lib/base/buffer.h"
#include "lib/records/signing_key_store.h"

#define COLUMNS "kid, alg, state, public_jwk, created_at, activated_at, retired_at, expires_at"

static struct signing_key_record *read_key(struct database *db, struct statement *row)
{
	struct signing_key_record *key = arena_alloc(database_arena(db), sizeof *key);

	key->kid = statement_text(row, 0);
	key->alg = statement_text(row, 1);
	key->state = statement_text(row, 2);
	key->public_jwk = statement_text(row, 3);
	key->created_at = statement_number(row, 4);
	key->activated_at = statement_number(row, 5);
	key->retired_at = statement_number(row, 6);
	key->expires_at = statement_number(row, 7);
	return key;
}

static const struct signing_key_record *read_one(struct database *db, struct statement *row)
{
	const struct signing_key_record *key = statement_row(row) ? read_key(db, row) : NULL;

	statement_end(row);
	return key;
}

const struct signing_key_record *signing_key_find_active(struct database *db, const char *alg)
{
	return read_one(db, database_query(db, "SELECT " COLUMNS " FROM signing_keys"
		" WHERE alg = ?1 AND state = 'active' ORDER BY activated_at DESC, kid LIMIT 1", "t", alg));
}

const struct signing_key_record *signing_key_find(struct database *db, const char *kid, int64_t now)
{
	return read_one(db, database_query(db, "SELECT " COLUMNS " FROM signing_keys"
		" WHERE kid = ?1 AND (expires_at IS NULL OR expires_at > ?2)", "tn", kid, now));
}

void signing_key_list(struct database *db, int64_t now,
	void (*each)(void *context, const struct signing_key_record *key), void *context)
{
	struct statement *row = database_query(db, "SELECT " COLUMNS " FROM signing_keys"
		" WHERE expires_at IS NULL OR expires_at > ?1"
		" ORDER BY CASE state WHEN 'active' THEN 0 WHEN 'next' THEN 1 ELSE 2 END, created_at DESC, kid",
		"n", now);

	while (statement_row(row))
		each(context, read_key(db, row));
}

const char *signing_key_algs(struct database *db)
{
	struct statement *row = database_query(db,
		"SELECT DISTINCT alg FROM signing_keys WHERE state = 'active' ORDER BY alg", "");
	struct buffer algs = buffer_create(database_arena(db), 32);

	while (statement_row(row)) {
		if (algs.length > 0)
			buffer_char(&algs, ' ');
		buffer_text(&algs, statement_text(row, 0));
	}
	return algs.data;
}

void signing_key_insert(struct database *db, const struct signing_key_record *key)
{
	database_change(db, "INSERT INTO signing_keys (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		"ttttnooo", key->kid, key->alg, key->state, key->public_jwk, key->created_at, key->activated_at,
		key->retired_at, key->expires_at);
}
