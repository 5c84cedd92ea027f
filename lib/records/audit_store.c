#include "lib/records/audit_store.h"

#include "lib/base/buffer.h"
#include "lib/crypto/digest.h"

#define COLUMNS "at, event, user_id, client_id, sid, grant_id, address, request_id, detail"
#define FILTER \
	" a.audit_id > ?1 AND a.at >= ?2 AND a.at < ?3 AND (?4 IS NULL OR substr(a.event, 1, length(?4)) = ?4)" \
	" AND (?5 IS NULL OR a.user_id = ?5) AND (?6 IS NULL OR a.client_id = ?6)"

void audit_write(struct database *db, const struct audit_event *event)
{
	database_change(db, "INSERT INTO audit (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", "ntttttttt",
		event->at, event->event, event->user_id, event->client_id, event->sid, event->grant_id, event->address,
		event->request_id, event->detail);
}

int64_t audit_list(struct database *db, const struct audit_filter *filter, int64_t after, int limit,
	void (*each)(void *context, const struct audit_row *row), void *context)
{
	struct statement *row = database_query(db, "SELECT a.audit_id, a.at, a.event, a.user_id, a.client_id, a.sid,"
		" a.grant_id, a.address, a.request_id, a.detail, u.username"
		" FROM audit a LEFT JOIN users u ON u.user_id = a.user_id WHERE" FILTER " ORDER BY a.audit_id LIMIT ?7",
		"nnntttn", after, filter->since ? filter->since : INT64_MIN, filter->until ? filter->until : INT64_MAX,
		filter->event, filter->user_id, filter->client_id, (int64_t)limit);

	while (statement_row(row)) {
		struct audit_row found = { .audit_id = statement_number(row, 0), .username = statement_text(row, 10) };

		found.event = (struct audit_event){ .at = statement_number(row, 1), .event = statement_text(row, 2),
			.user_id = statement_text(row, 3), .client_id = statement_text(row, 4), .sid = statement_text(row, 5),
			.grant_id = statement_text(row, 6), .address = statement_text(row, 7),
			.request_id = statement_text(row, 8), .detail = statement_text(row, 9) };
		after = found.audit_id;
		each(context, &found);
	}
	return after;
}

int64_t audit_before_newest(struct database *db, const struct audit_filter *filter, int64_t count)
{
	struct statement *row = database_query(db,
		"SELECT a.audit_id FROM audit a WHERE" FILTER " ORDER BY a.audit_id DESC LIMIT 1 OFFSET ?7", "nnntttn",
		INT64_MIN, filter->since ? filter->since : INT64_MIN, filter->until ? filter->until : INT64_MAX, filter->event,
		filter->user_id, filter->client_id, count);
	int64_t before = statement_row(row) ? statement_number(row, 0) : INT64_MIN;

	statement_end(row);
	return before;
}

/* The oldest event of the window; 0: it reaches to the first one. */
static int64_t window_of_user(struct database *db, const char *user_id, int64_t before)
{
	struct statement *row = database_query(db, "SELECT audit_id FROM audit WHERE user_id = ?1 AND audit_id < ?2"
		" ORDER BY audit_id DESC LIMIT 1 OFFSET ?3", "tnn", user_id, before, (int64_t)AUDIT_WINDOW_EVENTS);
	int64_t oldest = statement_row(row) ? statement_number(row, 0) + 1 : 0;

	statement_end(row);
	return oldest;
}

int64_t audit_list_of_user(struct database *db, const char *user_id, const char *names, int64_t before, int limit,
	void (*each)(void *context, const struct audit_event *event, const char *client_name), void *context)
{
	int64_t oldest = window_of_user(db, user_id, before);
	/* A whole word is looked for by replace(), as in the grants. One more than asked for says whether there are more. */
	struct statement *row = database_query(db, "SELECT a.audit_id, a.at, a.event, a.client_id, a.sid, a.address, a.detail,"
		" c.client_name FROM audit a LEFT JOIN clients c ON c.client_id = a.client_id"
		" WHERE a.user_id = ?1 AND a.audit_id < ?2 AND a.audit_id >= ?3"
		" AND replace(' ' || ?4 || ' ', ' ' || a.event || ' ', '') <> ' ' || ?4 || ' '"
		" ORDER BY a.audit_id DESC LIMIT ?5", "tnntn", user_id, before, oldest, names, (int64_t)limit + 1);
	int count = 0;

	for (int64_t last = before; statement_row(row); count++) {
		if (count == limit) {
			statement_end(row);
			return last;
		}
		last = statement_number(row, 0);
		struct audit_event event = { .at = statement_number(row, 1), .event = statement_text(row, 2), .user_id = user_id,
			.client_id = statement_text(row, 3), .sid = statement_text(row, 4), .address = statement_text(row, 5),
			.detail = statement_text(row, 6) };
		each(context, &event, statement_text(row, 7));
	}
	return oldest;
}

int64_t audit_newest_of_user(struct database *db, const char *user_id, int64_t before, int limit,
	void (*each)(void *context, const struct audit_event *event), void *context)
{
	struct statement *row = database_query(db, "SELECT audit_id, at, event, client_id, sid, address, detail FROM audit"
		" WHERE user_id = ?1 AND audit_id < ?2 ORDER BY audit_id DESC LIMIT ?3", "tnn", user_id, before, (int64_t)limit);
	int64_t last = 0;

	while (statement_row(row)) {
		last = statement_number(row, 0);
		each(context, &(struct audit_event){ .at = statement_number(row, 1), .event = statement_text(row, 2), .user_id = user_id,
			.client_id = statement_text(row, 3), .sid = statement_text(row, 4), .address = statement_text(row, 5),
			.detail = statement_text(row, 6) });
	}
	return last;
}

int64_t audit_count_after(struct database *db, int64_t after)
{
	struct statement *row = database_query(db, "SELECT count(*) FROM audit WHERE audit_id > ?1", "n", after);
	int64_t count = statement_row(row) ? statement_number(row, 0) : 0;

	statement_end(row);
	return count;
}

static void put_number(struct buffer *out, int64_t number)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		buffer_char(out, (char)((uint64_t)number >> shift & 0xff));
}

/* A row in a form that no other row has: numbers in 8 bytes, texts behind their length, NULL apart from "". */
static void put_row(struct buffer *out, struct statement *row)
{
	put_number(out, statement_number(row, 0));
	put_number(out, statement_number(row, 1));
	for (int column = 2; column <= 9; column++) {
		size_t length;
		/* Not as a text: what stands behind a NUL that somebody put there counts too. */
		const unsigned char *bytes = statement_bytes(row, column, &length);

		buffer_char(out, bytes ? 1 : 0);
		if (!bytes)
			continue;
		put_number(out, (int64_t)length);
		buffer_bytes(out, bytes, length);
	}
}

bool audit_run_add(struct database *db, struct audit_run *run, int64_t until, int limit)
{
	struct statement *row = database_query(db, "SELECT audit_id, " COLUMNS " FROM audit"
		" WHERE audit_id > ?1 AND audit_id <= ?2 ORDER BY audit_id LIMIT ?3", "nnn", run->last, until, (int64_t)limit);
	struct buffer text = buffer_create(database_arena(db), 1024);
	bool found = false;

	while (statement_row(row)) {
		text.length = 0;
		buffer_bytes(&text, run->digest, sizeof run->digest);
		put_row(&text, row);
		sha256(text.data, text.length, run->digest);
		run->last = statement_number(row, 0);
		run->count++;
		found = true;
	}
	return found;
}
