#include <string.h>

#include "lib/base/json_flat.h"
#include "lib/base/text.h"
#include "lib/records/user_store.h"

#define COLUMNS "user_id, username, password, password_changed_at, created_at, disabled_at, deletion_at," \
	" second_factor_required, version, passkey_challenges, password_short"

static struct user *read_user(struct database *db, struct statement *row)
{
	struct user *user = arena_alloc(database_arena(db), sizeof *user);

	user->user_id = statement_text(row, 0);
	user->username = statement_text(row, 1);
	user->password = statement_text(row, 2);
	user->password_changed_at = statement_number(row, 3);
	user->created_at = statement_number(row, 4);
	user->disabled_at = statement_number(row, 5);
	user->deletion_at = statement_number(row, 6);
	user->second_factor_required = statement_number(row, 7) != 0;
	user->version = statement_number(row, 8);
	user->passkey_challenges = statement_number(row, 9);
	user->password_short = statement_number(row, 10) != 0;
	return user;
}

static const struct user *read_one(struct database *db, struct statement *row)
{
	const struct user *user = statement_row(row) ? read_user(db, row) : NULL;

	statement_end(row);
	return user;
}

const struct user *user_find(struct database *db, const char *user_id)
{
	return read_one(db, database_query(db, "SELECT " COLUMNS " FROM users WHERE user_id = ?1", "t", user_id));
}

const struct user *user_find_by_username(struct database *db, const char *username)
{
	if (username == NULL)
		return NULL;
	return read_one(db, database_query(db, "SELECT " COLUMNS " FROM users WHERE username = ?1", "t",
		text_lowercase(database_arena(db), username)));
}

bool user_insert(struct database *db, const struct user *user)
{
	return database_change(db,
		"INSERT INTO users (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (username) DO NOTHING",
		"tttonoonnnn", user->user_id, text_lowercase(database_arena(db), user->username), user->password,
		user->password_changed_at, user->created_at, user->disabled_at, user->deletion_at,
		(int64_t)user->second_factor_required, user->version, user->passkey_challenges, (int64_t)user->password_short) == 1;
}

void user_list(struct database *db, const char *after, int limit,
	void (*each)(void *context, const struct user *user), void *context)
{
	struct statement *row = database_query(db,
		"SELECT " COLUMNS " FROM users WHERE username > ?1 ORDER BY username LIMIT ?2",
		"tn", after == NULL ? "" : after, (int64_t)(limit < 0 ? 0 : limit));

	while (statement_row(row))
		each(context, read_user(db, row));
}

void user_set_password(struct database *db, const char *user_id, const char *sealed, bool is_short, int64_t now)
{
	database_change(db, "UPDATE users SET password = ?2, password_changed_at = ?3, password_short = ?4 WHERE user_id = ?1",
		"ttnn", user_id, sealed, now, (int64_t)is_short);
}

void user_seal_password_anew(struct database *db, const char *user_id, const char *before, const char *sealed)
{
	database_change(db, "UPDATE users SET password = ?3 WHERE user_id = ?1 AND password = ?2", "ttt", user_id, before, sealed);
}

void user_set_disabled(struct database *db, const char *user_id, int64_t now)
{
	database_change(db, "UPDATE users SET disabled_at = ?2 WHERE user_id = ?1", "to", user_id, now);
}

bool user_change(struct database *db, const char *user_id, int64_t version)
{
	return database_change(db, "UPDATE users SET version = version + 1 WHERE user_id = ?1 AND version = ?2", "tn",
		user_id, version) == 1;
}

void user_set_second_factor_required(struct database *db, const char *user_id, bool required)
{
	database_change(db, "UPDATE users SET second_factor_required = ?2 WHERE user_id = ?1", "tn", user_id, (int64_t)required);
}

void user_set_deletion(struct database *db, const char *user_id, int64_t at)
{
	database_change(db, "UPDATE users SET deletion_at = ?2 WHERE user_id = ?1", "to", user_id, at);
}

void user_list_due(struct database *db, int64_t now, int limit,
	void (*each)(void *context, const struct user *user), void *context)
{
	struct statement *row = database_query(db,
		"SELECT " COLUMNS " FROM users WHERE deletion_at IS NOT NULL AND deletion_at <= ?1 ORDER BY deletion_at LIMIT ?2",
		"nn", now, (int64_t)limit);

	while (statement_row(row))
		each(context, read_user(db, row));
}

bool user_remove(struct database *db, const char *user_id, int64_t now)
{
	database_change(db, "DELETE FROM outbox WHERE user_id = ?1"
		" AND EXISTS (SELECT 1 FROM users WHERE user_id = ?1 AND deletion_at <= ?2)", "tn", user_id, now);
	return database_change(db, "DELETE FROM users WHERE user_id = ?1 AND deletion_at <= ?2", "tn", user_id, now) == 1;
}

bool user_use_passkey_challenge(struct database *db, const char *user_id, int64_t number)
{
	return database_change(db, "UPDATE users SET passkey_challenges = passkey_challenges + 1"
		" WHERE user_id = ?1 AND passkey_challenges = ?2", "tn", user_id, number) == 1;
}

struct claims user_claims(struct database *db, const char *user_id)
{
	struct statement *row = database_query(db,
		"SELECT name, value FROM user_claims WHERE user_id = ?1 ORDER BY name", "t", user_id);
	struct claim *items = NULL;
	size_t capacity = 0;
	size_t count = 0;

	while (statement_row(row)) {
		if (count == capacity) {
			struct claim *more = arena_alloc(database_arena(db), (capacity * 2 + 16) * sizeof *more);

			if (count > 0)
				memcpy(more, items, count * sizeof *items);
			items = more;
			capacity = capacity * 2 + 16;
		}
		items[count].name = statement_text(row, 0);
		items[count].json = statement_text(row, 1);
		count++;
	}
	return (struct claims){ .items = items, .count = (int)count };
}

void user_list_by_email(struct database *db, const char *json, int limit,
	void (*each)(void *context, const struct user *user), void *context)
{
	struct statement *row = database_query(db, "SELECT " COLUMNS " FROM users WHERE user_id IN (SELECT e.user_id FROM user_claims e"
		" JOIN user_claims v ON v.user_id = e.user_id AND v.name = 'email_verified' AND v.value = 'true'"
		" WHERE e.name = 'email' AND lower(e.value) = ?1 LIMIT ?2)", "tn", text_lowercase(database_arena(db), json),
		(int64_t)limit);

	while (statement_row(row))
		each(context, read_user(db, row));
}

void user_set_claim(struct database *db, const char *user_id, const char *name, const char *json)
{
	if (json == NULL)
		database_change(db, "DELETE FROM user_claims WHERE user_id = ?1 AND name = ?2", "tt", user_id, name);
	else
		database_change(db, "INSERT INTO user_claims (user_id, name, value) VALUES (?1, ?2, ?3)"
			" ON CONFLICT (user_id, name) DO UPDATE SET value = excluded.value", "ttt", user_id, name, json);
}

const char *claims_find(const struct claims *claims, const char *name)
{
	for (int i = 0; i < claims->count; i++)
		if (text_equal(claims->items[i].name, name))
			return claims->items[i].json;
	return NULL;
}

const char *claims_text(struct arena *arena, const struct claims *claims, const char *name)
{
	const char *json = claims_find(claims, name);
	if (!json)
		return NULL;
	json = arena_format(arena, "{\"claim\":%s}", json);
	const struct json_flat *object = json_flat_read(arena, json, strlen(json), NULL);
	return object ? json_flat_text(object, "claim") : NULL;
}
