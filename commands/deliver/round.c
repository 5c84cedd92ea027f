/* One round: everything that is due is sent, or put back. Any number of these may run at once. */
#include "commands/deliver/round.h"

#include <unistd.h>

#include "commands/deliver/deliver.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/crypto/random.h"
#include "lib/records/audit_store.h"
#include "lib/records/link_store.h"

enum {
	ARENA_LIMIT = 16 * 1024 * 1024,
	LEASE_SECONDS = 300, /* longer than any way out takes: see SENDING_SECONDS */
	DELAY_FIRST = 60,
	DELAY_LONGEST = 4 * 3600,
	GIVE_UP_SECONDS = 2 * 86400,
	EXPIRED_LINKS = 500,
};

#define READS "users user_claims email_changes clients sessions outbox links"
#define WRITES "outbox links invitations audit"

struct round {
	const struct config *config;
	struct database *db;
	struct arena *arena; /* of one mail */
	struct sender *sender;
	struct round_result *result;
};

static _Noreturn void on_database_failure(void *context, const char *message)
{
	(void)context;
	log_write(LOG_ERROR, "database: %s", message);
	_exit(1);
}

static const char *user_of(const struct outbox_row *row)
{
	return row->user_id ? row->user_id : "-";
}

static int64_t delay_after(int64_t attempts)
{
	int64_t delay = DELAY_FIRST;

	for (int64_t i = 1; i < attempts && delay < DELAY_LONGEST; i++)
		delay *= 2;
	return delay < DELAY_LONGEST ? delay : DELAY_LONGEST;
}

/*
 * Takes the next row and what it says; a row that leads to no mail goes at once. The link is on disk before the mail leaves;
 * a deliver that is killed between the two loses nothing: after the lease the next one makes another link.
 */
static const struct outbox_row *take(struct round *round, struct letter *letter)
{
	const char *token = random_token(round->arena), *why;
	const struct outbox_row *row;
	int64_t now = clock_seconds(), due = outbox_next_due(round->db);

	letter->to = NULL;
	if (due == 0 || due > now)
		return NULL;
	database_begin(round->db, DATABASE_DURABLE);
	row = outbox_take(round->db, now, LEASE_SECONDS);
	if (row && !letter_prepare(letter, round->config, round->db, row, token, now, &why)) {
		letter->to = NULL;
		outbox_remove(round->db, row);
	}
	database_commit(round->db);
	if (row && !letter->to) {
		log_write(LOG_INFO, "dropped %s to user %s: %s", row->kind, user_of(row), why);
		round->result->dropped++;
	}
	return row;
}

static void give_up(struct round *round, const struct outbox_row *row, const struct letter *letter, int64_t now)
{
	struct audit_event event = { .at = now, .event = AUDIT_MAIL_FAILED, .user_id = row->user_id, .client_id = row->client_id,
		.sid = row->sid, .detail = letter->kind };

	if (outbox_remove(round->db, row))
		audit_write(round->db, &event);
	round->result->failed++;
}

static void failed(struct round *round, const struct outbox_row *row, const struct letter *letter, const char *why)
{
	int64_t now = clock_seconds(), delay = delay_after(row->attempts);
	bool last = now - row->created_at >= GIVE_UP_SECONDS;

	database_begin(round->db, DATABASE_DURABLE);
	if (last) {
		give_up(round, row, letter, now);
	} else {
		outbox_put_back(round->db, row, now + delay, true);
		round->result->retried++;
	}
	database_commit(round->db);
	if (last)
		log_write(LOG_WARNING, "gave up %s to user %s after %lld attempts: %s", row->kind, user_of(row),
			(long long)row->attempts, why);
	else
		log_write(LOG_WARNING, "could not send %s to user %s, again in %lld s: %s", row->kind, user_of(row), (long long)delay, why);
}

static void send_one(struct round *round, const struct outbox_row *row, const struct letter *letter)
{
	struct buffer message = mail_compose(round->arena, round->config, letter, clock_seconds());
	const char *why = NULL;
	enum sending sending = sender_send(round->sender, round->arena, letter, &message, &why);

	if (sending == SENDING_FAILED) {
		failed(round, row, letter, why);
		return;
	}
	database_begin(round->db, DATABASE_DURABLE);
	if (sending == SENDING_DONE)
		outbox_remove(round->db, row);
	else
		outbox_put_back(round->db, row, clock_seconds(), false);
	database_commit(round->db);
	if (sending == SENDING_DONE) {
		round->result->sent++;
		log_write(LOG_INFO, "sent %s to user %s", row->kind, user_of(row));
	}
}

static void send_all(struct round *round)
{
	const struct outbox_row *row;
	struct letter letter;

	while (!deliver_stops && (row = take(round, &letter))) {
		if (letter.to)
			send_one(round, row, &letter);
		arena_reset(round->arena);
	}
	database_begin(round->db, DATABASE_RELAXED);
	link_remove_expired(round->db, clock_seconds(), EXPIRED_LINKS);
	database_commit(round->db);
	round->result->next_due = outbox_next_due(round->db);
}

bool round_run(struct round_result *result)
{
	struct arena *arena = arena_create(ARENA_LIMIT), *mails = arena_create(ARENA_LIMIT);
	struct round round = { .arena = mails, .result = result };
	const char *error = NULL;
	bool fine = false;

	*result = (struct round_result){ 0 };
	if (!arena || !mails)
		return false;
	round.config = config_load(arena, config_path(), &error);
	if (round.config) {
		log_configure(round.config->log_file, round.config->log_level);
		round.sender = sender_create(arena, round.config, &error);
	}
	if (round.sender && database_open(arena, config_file(arena, round.config, "database"), READS, WRITES, on_database_failure,
		NULL, &round.db, &error) == DATABASE_OPEN) {
		database_use_arena(round.db, mails);
		send_all(&round);
		database_use_arena(round.db, arena);
		database_release(round.db, true);
		fine = true;
	} else {
		log_write(LOG_ERROR, "%s", error);
	}
	if (round.sender)
		sender_end(round.sender);
	arena_destroy(mails);
	arena_destroy(arena);
	return fine;
}
