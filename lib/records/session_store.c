#include "lib/records/session_store.h"

#define COLUMNS \
	"session_hash, sid, user_id, created_at, auth_time, amr, acr, last_seen_at, idle_seconds, expires_at," \
	" address, user_agent"
#define COLUMNS_OF_S \
	"s.session_hash, s.sid, s.user_id, s.created_at, s.auth_time, s.amr, s.acr, s.last_seen_at, s.idle_seconds," \
	" s.expires_at, s.address, s.user_agent"

static struct session *read_session(struct database *db, struct statement *row)
{
	struct session *session = arena_alloc(database_arena(db), sizeof *session);

	session->session_hash = statement_bytes(row, 0, NULL);
	session->sid = statement_text(row, 1);
	session->user_id = statement_text(row, 2);
	session->created_at = statement_number(row, 3);
	session->auth_time = statement_number(row, 4);
	session->amr = statement_text(row, 5);
	session->acr = statement_text(row, 6);
	session->last_seen_at = statement_number(row, 7);
	session->idle_seconds = statement_number(row, 8);
	session->expires_at = statement_number(row, 9);
	session->address = statement_text(row, 10);
	session->user_agent = statement_text(row, 11);
	session->username = statement_text(row, 12);
	return session;
}

const struct session *session_find(struct database *db, const unsigned char *session_hash, int64_t now)
{
	struct statement *row = database_query(db,
		"SELECT " COLUMNS_OF_S ", u.username FROM sessions s JOIN users u ON u.user_id = s.user_id"
		" WHERE s.session_hash = ?1 AND s.expires_at > ?2 AND s.last_seen_at + s.idle_seconds > ?2"
		" AND u.disabled_at IS NULL", "hn", session_hash, now);
	const struct session *session = statement_row(row) ? read_session(db, row) : NULL;

	statement_end(row);
	return session;
}

const struct session *session_find_by_sid(struct database *db, const char *user_id, const char *sid)
{
	struct statement *row = database_query(db,
		"SELECT " COLUMNS_OF_S ", u.username FROM sessions s JOIN users u ON u.user_id = s.user_id"
		" WHERE s.user_id = ?1 AND s.sid = ?2 ORDER BY s.created_at DESC LIMIT 1", "tt", user_id, sid);
	const struct session *session = statement_row(row) ? read_session(db, row) : NULL;

	statement_end(row);
	return session;
}

bool session_is_alive(struct database *db, const char *user_id, const char *sid, int64_t now)
{
	struct statement *row = database_query(db, "SELECT 1 FROM sessions WHERE user_id = ?1 AND sid = ?2"
		" AND expires_at > ?3 AND last_seen_at + idle_seconds > ?3", "ttn", user_id, sid, now);
	bool alive = statement_row(row);

	statement_end(row);
	return alive;
}

void session_insert(struct database *db, const struct session *session)
{
	database_change(db,
		"INSERT INTO sessions (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
		"httnnttnnntt", session->session_hash, session->sid, session->user_id, session->created_at,
		session->auth_time, session->amr, session->acr, session->last_seen_at, session->idle_seconds,
		session->expires_at, session->address, session->user_agent);
}

void session_touch(struct database *db, const unsigned char *session_hash, int64_t now)
{
	database_change(db, "UPDATE sessions SET last_seen_at = ?2 WHERE session_hash = ?1", "hn", session_hash, now);
}

void session_expire_at(struct database *db, const unsigned char *session_hash, int64_t at)
{
	database_change(db, "UPDATE sessions SET expires_at = ?2 WHERE session_hash = ?1 AND expires_at > ?2", "hn",
		session_hash, at);
}

int64_t session_end(struct database *db, const char *user_id, const char *sid)
{
	return database_change(db, "DELETE FROM sessions WHERE user_id = ?1 AND sid = ?2", "tt", user_id, sid);
}

int64_t session_end_all(struct database *db, const char *user_id, const char *except_sid)
{
	/* No sid is empty. */
	return database_change(db, "DELETE FROM sessions WHERE user_id = ?1 AND sid <> ?2", "tt", user_id,
		except_sid == NULL ? "" : except_sid);
}

#define COUNTS(s) s ".expires_at > ?2 AND " s ".last_seen_at + " s ".idle_seconds > ?2"

void session_list(struct database *db, const char *user_id, int64_t now, int64_t created_at, const char *sid, int limit,
	void (*each)(void *context, const struct session *session), void *context)
{
	struct statement *row = database_query(db,
		"SELECT " COLUMNS_OF_S ", NULL FROM sessions s WHERE s.user_id = ?1 AND " COUNTS("s")
		" AND (s.created_at < ?3 OR (s.created_at = ?3 AND s.sid > ?4))"
		" AND NOT EXISTS (SELECT 1 FROM sessions t WHERE t.user_id = ?1 AND t.sid = s.sid AND " COUNTS("t")
		" AND (t.auth_time > s.auth_time OR (t.auth_time = s.auth_time AND t.session_hash > s.session_hash)))"
		" ORDER BY s.created_at DESC, s.sid LIMIT ?5", "tnntn", user_id, now, created_at, sid, (int64_t)limit);

	while (statement_row(row))
		each(context, read_session(db, row));
}

void session_list_everywhere(struct database *db, const char *user_id, const char *sid, int64_t now, int limit,
	void (*each)(void *context, const struct session *session), void *context)
{
	struct statement *row = database_query(db,
		"SELECT " COLUMNS_OF_S ", u.username FROM sessions s JOIN users u ON u.user_id = s.user_id"
		" WHERE (s.user_id, s.sid) > (?1, ?3) AND " COUNTS("s")
		" AND NOT EXISTS (SELECT 1 FROM sessions t WHERE t.user_id = s.user_id AND t.sid = s.sid AND " COUNTS("t")
		" AND (t.auth_time > s.auth_time OR (t.auth_time = s.auth_time AND t.session_hash > s.session_hash)))"
		" ORDER BY s.user_id, s.sid LIMIT ?4", "tntn", user_id ? user_id : "", now, sid ? sid : "", (int64_t)limit);

	while (statement_row(row))
		each(context, read_session(db, row));
}

const char *session_owner(struct database *db, const char *sid)
{
	struct statement *row = database_query(db, "SELECT user_id FROM sessions WHERE sid = ?1 LIMIT 1", "t", sid);
	const char *user_id = statement_row(row) ? statement_text(row, 0) : NULL;

	statement_end(row);
	return user_id;
}

int64_t session_remove_expired(struct database *db, int64_t now, int limit)
{
	return database_change(db, "DELETE FROM sessions WHERE session_hash IN"
		" (SELECT session_hash FROM sessions WHERE expires_at <= ?1 LIMIT ?2)", "nn", now, (int64_t)limit);
}
