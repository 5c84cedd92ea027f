#include "commands/keys_make.h"

#include <string.h>
#include <unistd.h>

#include "commands/publish.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/crypto/signing_key.h"
#include "lib/records/audit_store.h"
#include "lib/records/signing_key_store.h"

/* created_at is a whole second, and the commit that publishes the key comes after it. */
enum { PUBLISHED_SLACK_SECONDS = 2 };

char *key_path(struct cli *cli, const char *kid)
{
	return arena_format(cli->arena, "%s/%s.key", config_file(cli->arena, cli->config, "keys/signing"), kid);
}

int64_t key_known_at(const struct cli *cli, int64_t created_at)
{
	return created_at + cli->config->jwks_cache_seconds + PUBLISHED_SLACK_SECONDS;
}

/* The file first: a row without its key would be published and could never sign. */
static struct signing_key_record make(struct cli *cli, const char *alg, const char *state)
{
	struct signing_key *key = signing_key_generate(cli->arena, alg);
	struct signing_key_record record = { .alg = alg, .state = state };
	const char *error = NULL;

	if (!key)
		cli_fail("No key could be made for %s: it is no algorithm that tokens are signed with here.", alg);
	if (!signing_key_save(cli->arena, key, config_file(cli->arena, cli->config, "keys/signing"), &error))
		cli_fail("%s.", error);
	record.kid = arena_text(cli->arena, signing_key_kid(key));
	cli_give_to_owner(config_file(cli->arena, cli->config, "keys/signing"), key_path(cli, record.kid));
	record.public_jwk = signing_key_public_jwk(cli->arena, key);
	signing_key_free(key);
	return record;
}

/* In a transaction: now is when it is published. */
static void insert(struct cli *cli, struct signing_key_record *key)
{
	key->created_at = clock_seconds();
	if (text_equal(key->state, "active"))
		key->activated_at = key->created_at;
	signing_key_insert(cli->database, key);
	cli_audit(cli, AUDIT_KEY_ADDED, NULL, NULL, arena_format(cli->arena, "%s %s %s", key->state, key->alg, key->kid));
}

/* A next key gets its time only when the file of the jwks has it too: a crash before leaves one that never signs. */
static void publish(struct cli *cli, const char *alg)
{
	publish_files(cli, NULL);
	const struct signing_key_record *next = signing_key_find_next(cli->database, alg);
	const struct signing_key_record *active = signing_key_find_active(cli->database, alg);
	if (!next || next->promote_at)
		return;
	int64_t now = clock_seconds();
	int64_t at = (active ? active->activated_at : now) + cli->config->signing_key_seconds;
	if (at < key_known_at(cli, now))
		at = key_known_at(cli, now);
	database_begin(cli->database, DATABASE_DURABLE);
	signing_key_publish(cli->database, next->kid, now, at);
	database_commit(cli->database);
}

static bool exists(struct cli *cli, const char *alg, const char *state)
{
	if (text_equal(state, "active"))
		return signing_key_find_active(cli->database, alg) != NULL;
	return signing_key_find_next(cli->database, alg) != NULL;
}

int key_ensure(struct cli *cli, const char *alg, const char *kids[KEYS_MADE_MOST])
{
	static const char *const states[] = { "active", "next" };
	struct signing_key_record made[KEYS_MADE_MOST];
	int count = 0, kept = 0;

	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (!exists(cli, alg, states[i]))
			made[count++] = make(cli, alg, states[i]);
	if (count == 0) {
		publish(cli, alg);
		return 0;
	}
	database_begin(cli->database, DATABASE_DURABLE);
	for (int i = 0; i < count; i++) {
		/* Two calls at the same time: the key of the second one was never published. */
		if (exists(cli, alg, made[i].state)) {
			unlink(key_path(cli, made[i].kid));
			continue;
		}
		insert(cli, &made[i]);
		if (kids)
			kids[kept] = made[i].kid;
		kept++;
	}
	database_commit(cli->database);
	publish(cli, alg);
	return kept;
}

void key_replace(struct cli *cli, const char *alg)
{
	struct signing_key_record active = make(cli, alg, "active"), next = make(cli, alg, "next");
	int64_t count;

	database_begin(cli->database, DATABASE_DURABLE);
	count = signing_key_withdraw(cli->database, alg, clock_seconds());
	cli_audit(cli, AUDIT_KEY_WITHDRAWN, NULL, NULL, arena_format(cli->arena, "%s, keys: %lld", alg, (long long)count));
	insert(cli, &active);
	insert(cli, &next);
	database_commit(cli->database);
	publish(cli, alg);
}
