#include "lib/protocol/signing.h"

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/protocol/errors.h"
#include "lib/records/audit_store.h"
#include "lib/records/signing_key_store.h"

/* For requests that read the old key and have not signed yet, and for clients whose clocks are late. */
enum { RETIRED_SLACK_SECONDS = 300 };

/* One for each algorithm that was signed with last, and some on their way out. A kid is made of its key: it never means another one. */
enum { KEYS_KEPT = 8 };
static struct signing_key *kept[KEYS_KEPT];
static size_t next_to_go;

bool signing_promote(struct database *db, const struct config *config, const char *alg, const char *kid, int64_t now)
{
	int64_t longest = config->id_token_seconds > config->access_token_seconds ? config->id_token_seconds : config->access_token_seconds;
	return signing_key_promote(db, alg, kid, now, signing_key_tokens_end(db, now, longest) + RETIRED_SLACK_SECONDS);
}

/* Of all requests that see a key due at the same moment one promotes it; the others find it active. */
static const struct signing_key_record *promote(struct context *c, const char *alg, const char *kid)
{
	database_begin(c->database, DATABASE_DURABLE);
	if (signing_promote(c->database, c->config, alg, kid, c->now)) {
		log_write(LOG_INFO, "the key %s signs with %s from now on", kid, alg);
		audit_write(c->database, &(struct audit_event){ .at = c->now, .event = AUDIT_KEY_PROMOTED,
			.request_id = c->request_id, .detail = arena_format(c->arena, "%s %s", alg, kid) });
	}
	database_commit(c->database);
	return signing_key_find_active(c->database, alg);
}

static struct signing_key *load(struct context *c, const char *alg, const char *kid)
{
	const char *error;
	for (size_t i = 0; i < KEYS_KEPT; i++)
		if (kept[i] && text_equal(signing_key_kid(kept[i]), kid) && text_equal(signing_key_alg(kept[i]), alg))
			return kept[i];
	struct signing_key *key = signing_key_load(c->lasting, config_file(c->arena, c->config, "keys/signing"), kid, alg, &error);
	if (!key)
		fail(c, "%s", error);
	signing_key_free(kept[next_to_go]);
	kept[next_to_go] = key;
	next_to_go = (next_to_go + 1) % KEYS_KEPT;
	return key;
}

struct signing_key *signing_key_require(struct context *c, const char *alg)
{
	const struct signing_key_record *record = signing_key_find_signing(c->database, alg, c->now);
	if (record && text_equal(record->state, "next"))
		record = promote(c, alg, record->kid);
	if (!record)
		fail(c, "no key signs with %s: run `latchkey key rotate --alg %s`", alg, alg);
	return load(c, alg, record->kid);
}
