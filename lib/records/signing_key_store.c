#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/text.h"
#include "lib/records/signing_key_store.h"

#define COLUMNS "kid, alg, state, public_jwk, created_at, promote_at, activated_at, retired_at, expires_at"

static struct signing_key_record *read_key(struct database *db, struct statement *row)
{
	struct signing_key_record *key = arena_alloc(database_arena(db), sizeof *key);

	key->kid = statement_text(row, 0);
	key->alg = statement_text(row, 1);
	key->state = statement_text(row, 2);
	key->public_jwk = statement_text(row, 3);
	key->created_at = statement_number(row, 4);
	key->promote_at = statement_number(row, 5);
	key->activated_at = statement_number(row, 6);
	key->retired_at = statement_number(row, 7);
	key->expires_at = statement_number(row, 8);
	return key;
}

static const struct signing_key_record *read_one(struct database *db, struct statement *row)
{
	const struct signing_key_record *key = statement_row(row) ? read_key(db, row) : NULL;

	statement_end(row);
	return key;
}

static bool signs_before(const struct signing_key_record *key, const struct signing_key_record *other)
{
	bool next = text_equal(key->state, "next");

	if (next != text_equal(other->state, "next"))
		return next;
	if (next && key->promote_at != other->promote_at)
		return key->promote_at < other->promote_at;
	if (!next && key->activated_at != other->activated_at)
		return key->activated_at > other->activated_at;
	return strcmp(key->kid, other->kid) < 0;
}

/* Chosen here and not by ORDER BY: for two or three rows, preparing a sort is most of the work. */
const struct signing_key_record *signing_key_find_signing(struct database *db, const char *alg, int64_t now)
{
	struct statement *row = database_query(db, "SELECT " COLUMNS " FROM signing_keys"
		" WHERE alg = ?1 AND (state = 'active' OR (state = 'next' AND promote_at <= ?2))", "tn", alg, now);
	const struct signing_key_record *best = NULL;

	while (statement_row(row)) {
		const struct signing_key_record *key = read_key(db, row);

		if (best == NULL || signs_before(key, best))
			best = key;
	}
	return best;
}

const struct signing_key_record *signing_key_find_active(struct database *db, const char *alg)
{
	return read_one(db, database_query(db, "SELECT " COLUMNS " FROM signing_keys"
		" WHERE alg = ?1 AND state = 'active' ORDER BY activated_at DESC, kid LIMIT 1", "t", alg));
}

const struct signing_key_record *signing_key_find_next(struct database *db, const char *alg)
{
	return read_one(db, database_query(db, "SELECT " COLUMNS " FROM signing_keys"
		" WHERE alg = ?1 AND state = 'next' ORDER BY promote_at, kid LIMIT 1", "t", alg));
}

const struct signing_key_record *signing_key_find(struct database *db, const char *kid, int64_t now)
{
	return read_one(db, database_query(db, "SELECT " COLUMNS " FROM signing_keys"
		" WHERE kid = ?1 AND (expires_at IS NULL OR expires_at > ?2)", "tn", kid, now));
}

static void list(struct database *db, struct statement *row,
	void (*each)(void *context, const struct signing_key_record *key), void *context)
{
	while (statement_row(row))
		each(context, read_key(db, row));
}

void signing_key_list(struct database *db, int64_t now,
	void (*each)(void *context, const struct signing_key_record *key), void *context)
{
	list(db, database_query(db, "SELECT " COLUMNS " FROM signing_keys"
		" WHERE expires_at IS NULL OR expires_at > ?1"
		" ORDER BY CASE state WHEN 'active' THEN 0 WHEN 'next' THEN 1 ELSE 2 END, created_at DESC, kid",
		"n", now), each, context);
}

void signing_key_list_expired(struct database *db, int64_t now,
	void (*each)(void *context, const struct signing_key_record *key), void *context)
{
	list(db, database_query(db, "SELECT " COLUMNS " FROM signing_keys"
		" WHERE state = 'retired' AND expires_at <= ?1 ORDER BY expires_at, kid", "n", now), each, context);
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
	database_change(db, "INSERT INTO signing_keys (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
		"ttttnoooo", key->kid, key->alg, key->state, key->public_jwk, key->created_at, key->promote_at,
		key->activated_at, key->retired_at, key->expires_at);
}

bool signing_key_promote(struct database *db, const char *alg, const char *kid, int64_t now, int64_t retired_expires_at)
{
	if (database_change(db, "UPDATE signing_keys SET state = 'active', activated_at = ?3"
		" WHERE kid = ?2 AND alg = ?1 AND state = 'next' AND promote_at <= ?3", "ttn", alg, kid, now) != 1)
		return false;
	database_change(db, "UPDATE signing_keys SET state = 'retired', retired_at = ?3, expires_at = ?4"
		" WHERE alg = ?1 AND state = 'active' AND kid <> ?2", "ttnn", alg, kid, now, retired_expires_at);
	return true;
}

int64_t signing_key_tokens_end(struct database *db, int64_t now, int64_t seconds)
{
	struct statement *row = database_query(db, "SELECT (SELECT max(expires_at) FROM access_tokens),"
		" (SELECT max(access_token_seconds) FROM clients), (SELECT max(access_token_seconds) FROM resources)", "");
	/* The tokens that are there were signed under settings that may have changed since; the settings are for tokens
	   that are being signed at this moment. */
	int64_t end = now;

	if (statement_row(row)) {
		end = statement_number(row, 0);
		for (int column = 1; column <= 2; column++)
			if (statement_number(row, column) > seconds)
				seconds = statement_number(row, column);
	}
	statement_end(row);
	return end > now + seconds ? end : now + seconds;
}

void signing_key_publish(struct database *db, const char *kid, int64_t at, int64_t promote_at)
{
	database_change(db, "UPDATE signing_keys SET created_at = ?2, promote_at = ?3 WHERE kid = ?1 AND state = 'next'", "tnn",
		kid, at, promote_at);
}

bool signing_key_set_promote_at(struct database *db, const char *kid, int64_t at)
{
	return database_change(db, "UPDATE signing_keys SET promote_at = ?2 WHERE kid = ?1 AND state = 'next'", "tn", kid,
		at) == 1;
}

int64_t signing_key_withdraw(struct database *db, const char *alg, int64_t now)
{
	return database_change(db, "UPDATE signing_keys SET state = 'retired', retired_at = coalesce(retired_at, ?2),"
		" expires_at = ?2 WHERE alg = ?1 AND (expires_at IS NULL OR expires_at > ?2)", "tn", alg, now);
}

bool signing_key_remove(struct database *db, const char *kid, int64_t now)
{
	return database_change(db, "DELETE FROM signing_keys WHERE kid = ?1 AND state = 'retired' AND expires_at <= ?2",
		"tn", kid, now) == 1;
}
