#include "lib/records/invitation_store.h"

#define COLUMNS "invitation_hash, email, requested, created_at, expires_at"

static struct invitation *read_invitation(struct database *db, struct statement *row)
{
	struct invitation *invitation = arena_alloc(database_arena(db), sizeof *invitation);

	invitation->invitation_hash = statement_bytes(row, 0, NULL);
	invitation->email = statement_text(row, 1);
	invitation->requested = statement_number(row, 2) != 0;
	invitation->created_at = statement_number(row, 3);
	invitation->expires_at = statement_number(row, 4);
	return invitation;
}

void invitation_insert(struct database *db, const struct invitation *invitation)
{
	database_change(db, "INSERT INTO invitations (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5)", "htnnn",
		invitation->invitation_hash, invitation->email, (int64_t)invitation->requested, invitation->created_at, invitation->expires_at);
}

const struct invitation *invitation_find(struct database *db, const unsigned char *invitation_hash, int64_t now)
{
	struct statement *row = database_query(db, "SELECT " COLUMNS " FROM invitations WHERE invitation_hash = ?1"
		" AND expires_at > ?2", "hn", invitation_hash, now);
	const struct invitation *invitation = statement_row(row) ? read_invitation(db, row) : NULL;

	statement_end(row);
	return invitation;
}

bool invitation_use(struct database *db, const unsigned char *invitation_hash, int64_t now)
{
	return database_change(db, "DELETE FROM invitations WHERE invitation_hash = ?1 AND expires_at > ?2", "hn",
		invitation_hash, now) == 1;
}

void invitation_list(struct database *db, void (*each)(void *context, const struct invitation *invitation), void *context)
{
	struct statement *row = database_query(db, "SELECT " COLUMNS " FROM invitations ORDER BY invitation_hash", "");

	while (statement_row(row))
		each(context, read_invitation(db, row));
}

int64_t invitation_remove_between(struct database *db, const unsigned char *first, const unsigned char *last)
{
	return database_change(db, "DELETE FROM invitations WHERE invitation_hash BETWEEN ?1 AND ?2", "hh", first, last);
}

void invitation_remove_requested(struct database *db, const char *email)
{
	database_change(db, "DELETE FROM invitations WHERE requested = 1 AND lower(email) = lower(?1)", "t", email);
}

int64_t invitation_remove_expired(struct database *db, int64_t now, int limit)
{
	return database_change(db, "DELETE FROM invitations WHERE invitation_hash IN"
		" (SELECT invitation_hash FROM invitations WHERE expires_at <= ?1 LIMIT ?2)", "nn", now, (int64_t)limit);
}
