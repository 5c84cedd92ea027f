#include "lib/records/usage_store.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/records/audit_store.h"
#include "lib/records/limit_store.h"

enum {
	MINUTE = 60,
	KEPT_SECONDS = 400 * 86400, /* usage_close() comes sooner; what removes expired limits must not lose the count */
	MINUTE_DIGITS = 10,
};

#define PREFIX "cc:"

/* Digits of one length, so that minutes sort by time. */
static char *subject_of(struct database *db, int64_t now, const char *client_id)
{
	return arena_format(database_arena(db), PREFIX "%0*lld:%s", MINUTE_DIGITS, (long long)(now / MINUTE), client_id);
}

int64_t usage_count(struct database *db, const char *client_id, int64_t now)
{
	return limit_add(db, subject_of(db, now, client_id), KEPT_SECONDS, now);
}

struct usage {
	const char *subject;
	int64_t count;
	const struct usage *next;
};

static const struct usage *find_over(struct database *db, int64_t now, int limit)
{
	struct statement *row = database_query(db,
		"SELECT subject, attempts FROM limits WHERE subject >= '" PREFIX "' AND subject < ?1 ORDER BY subject LIMIT ?2",
		"tn", subject_of(db, now, ""), (int64_t)limit);
	const struct usage *first = NULL, **end = &first;

	while (statement_row(row)) {
		struct usage *usage = arena_alloc(database_arena(db), sizeof *usage);

		usage->subject = statement_text(row, 0);
		usage->count = statement_number(row, 1);
		*end = usage;
		end = &usage->next;
	}
	return first;
}

static void write_event(struct database *db, const struct usage *usage, int64_t now)
{
	struct arena *arena = database_arena(db);
	const char *minute = usage->subject + strlen(PREFIX);
	int64_t number = 0;
	char start[32];

	text_to_number(arena_copy(arena, minute, MINUTE_DIGITS), &number);
	clock_format(number * MINUTE, start);
	audit_write(db, &(struct audit_event){ .at = now, .event = AUDIT_CLIENT_CREDENTIALS_COUNTED,
		.client_id = minute + MINUTE_DIGITS + 1,
		.detail = arena_format(arena, "%lld in the minute from %s", (long long)usage->count, start) });
}

int64_t usage_close(struct database *db, int64_t now, int limit)
{
	int64_t closed = 0;

	for (const struct usage *usage = find_over(db, now, limit); usage; usage = usage->next, closed++) {
		if (usage->count > 1) /* the first one has a row of its own */
			write_event(db, usage, now);
		limit_clear(db, usage->subject);
	}
	return closed;
}
