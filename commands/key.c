/* latchkey key list, key rotate */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commands/commands.h"
#include "commands/keys_make.h"
#include "lib/base/clock.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/protocol/signing.h"
#include "lib/records/audit_store.h"
#include "lib/records/signing_key_store.h"

struct key_output {
	struct cli *cli;
	struct buffer json;
	struct table *table;
};

/* What is to be said about the file of a key: "0600" where all is well. */
static const char *file_state(struct cli *cli, const char *kid)
{
	struct stat status;

	if (stat(key_path(cli, kid), &status) != 0)
		return errno == ENOENT ? "missing" : strerror(errno);
	if (!S_ISREG(status.st_mode))
		return "no file";
	return arena_format(cli->arena, "%04o%s", (unsigned)status.st_mode & 07777u,
		(status.st_mode & 077) != 0 ? ", refused: chmod 600" : "");
}

/* "3 d", "5 h", "2 min" */
static const char *age(struct cli *cli, int64_t since)
{
	int64_t seconds = cli->now > since ? cli->now - since : 0;

	if (seconds >= 2 * 86400)
		return arena_format(cli->arena, "%lld d", (long long)(seconds / 86400));
	if (seconds >= 2 * 3600)
		return arena_format(cli->arena, "%lld h", (long long)(seconds / 3600));
	return arena_format(cli->arena, "%lld min", (long long)(seconds / 60));
}

static void add_time(struct buffer *json, const char *name, int64_t at)
{
	if (at)
		json_number(json, name, at);
}

static void add_key(void *context, const struct signing_key_record *key)
{
	struct key_output *output = context;
	struct arena *arena = output->cli->arena;
	const char *file = file_state(output->cli, key->kid);
	bool is_next = text_equal(key->state, "next");

	json_object_open(&output->json, NULL);
	json_text(&output->json, "kid", key->kid);
	json_text(&output->json, "alg", key->alg);
	json_text(&output->json, "state", key->state);
	json_number(&output->json, "created_at", key->created_at);
	add_time(&output->json, "promote_at", is_next ? key->promote_at : 0);
	add_time(&output->json, "activated_at", key->activated_at);
	add_time(&output->json, "retired_at", key->retired_at);
	add_time(&output->json, "expires_at", key->expires_at);
	json_text(&output->json, "file", file);
	json_object_close(&output->json);

	table_cell(output->table, key->kid);
	table_cell(output->table, key->alg);
	table_cell(output->table, key->state);
	table_cell(output->table, age(output->cli, key->created_at));
	table_cell(output->table, cli_time(arena, is_next ? key->promote_at : key->activated_at));
	table_cell(output->table, cli_time(arena, key->expires_at));
	table_cell(output->table, file);
}

void key_list_run(struct cli *cli)
{
	static const char *const titles[] = { "KID", "ALG", "STATE", "AGE", "SIGNS FROM", "LEAVES THE JWKS", "FILE" };
	struct key_output output = { .cli = cli, .json = buffer_create(cli->arena, 512) };

	output.table = table_create(cli->arena, titles, 7);
	cli_database(cli);
	json_array_open(&output.json, NULL);
	signing_key_list(cli->database, cli->now, add_key, &output);
	json_array_close(&output.json);
	if (cli->json)
		cli_print(output.json.data);
	else
		table_print(output.table);
}

const struct command_option key_rotate_options[] = {
	{ "alg", OPTION_VALUE, "ALG", "Only the keys of this algorithm, whose first ones are made if there are none. Else: of all that have keys." },
	{ "now", OPTION_FLAG, NULL, "A key leaked: new ones at once, and every older key leaves the jwks." },
	{ 0 },
};

static void report(struct cli *cli, struct buffer *json, const char *alg, const char *sentence)
{
	const struct signing_key_record *active = signing_key_find_active(cli->database, alg);
	const struct signing_key_record *next = signing_key_find_next(cli->database, alg);

	json_object_open(json, NULL);
	json_text(json, "alg", alg);
	json_text(json, "active", active ? active->kid : NULL);
	json_text(json, "next", next ? next->kid : NULL);
	add_time(json, "promote_at", next ? next->promote_at : 0);
	json_object_close(json);
	if (!cli->json)
		printf("%s: %s\n", alg, sentence);
}

/* The key signs from now on; the sentence to show. */
static const char *promoted(struct cli *cli, const char *kid, const struct signing_key_record *old, int64_t now)
{
	struct arena *arena = cli->arena;
	const char *sentence = arena_format(arena, "the key %s signs from now on.", kid);

	old = old ? signing_key_find(cli->database, old->kid, now) : NULL;
	if (!old || !old->expires_at)
		return sentence;
	return arena_format(arena, "%s The old one leaves the jwks at %s.", sentence, cli_time(arena, old->expires_at));
}

/* Promotes the next key, or says when any endpoint will; the sentence to show. */
static const char *promote_or_schedule(struct cli *cli, const char *alg)
{
	const struct signing_key_record *old = signing_key_find_active(cli->database, alg), *next;
	const char *sentence = "another program rotated the key at this very moment.";
	struct arena *arena = cli->arena;
	int64_t now, due;

	database_begin(cli->database, DATABASE_DURABLE);
	now = clock_seconds();
	next = signing_key_find_next(cli->database, alg);
	if (next) {
		due = key_known_at(cli, next->created_at) > now ? key_known_at(cli, next->created_at) : now;
		signing_key_set_promote_at(cli->database, next->kid, due);
		if (due <= now && signing_promote(cli->database, cli->config, alg, next->kid, now)) {
			cli_audit(cli, AUDIT_KEY_PROMOTED, NULL, NULL, arena_format(arena, "%s %s", alg, next->kid));
			sentence = promoted(cli, next->kid, old, now);
		} else {
			cli_audit(cli, AUDIT_KEY_SCHEDULED, NULL, NULL,
				arena_format(arena, "%s %s at %s", alg, next->kid, cli_time(arena, due)));
			sentence = arena_format(arena, "the key %s will sign from %s on, when every client had the time to see it "
				"(jwks_cache_seconds). Nothing more needs to be done.", next->kid, cli_time(arena, due));
		}
	}
	database_commit(cli->database);
	return sentence;
}

static void rotate(struct cli *cli, struct buffer *json, const char *alg)
{
	const char *sentence = "the first keys were made; the active one signs from now on.";

	if (cli_option(cli, "now")) {
		key_replace(cli, alg);
		sentence = "two new keys were made, and no older one is in the jwks any more.";
	} else if (!signing_key_find_active(cli->database, alg)) {
		key_ensure(cli, alg, NULL);
	} else {
		key_ensure(cli, alg, NULL);
		sentence = promote_or_schedule(cli, alg);
		key_ensure(cli, alg, NULL);
	}
	report(cli, json, alg, sentence);
}

void key_rotate_run(struct cli *cli)
{
	struct buffer json = buffer_create(cli->arena, 512);
	const char *algs, *alg;

	cli_database(cli);
	algs = cli_option(cli, "alg") ? cli_option(cli, "alg") : signing_key_algs(cli->database);
	if (text_empty(algs) || (cli_option(cli, "alg") && words_count(algs) != 1))
		cli_fail("No algorithm has keys: `latchkey init` makes the first ones, --alg names another.");
	json_array_open(&json, NULL);
	while ((alg = words_next(cli->arena, &algs)))
		rotate(cli, &json, alg);
	json_array_close(&json);
	if (cli->json)
		cli_print(json.data);
	if (cli_option(cli, "now"))
		cli_note("Tokens that older keys signed are refused from now on. Clients that keep a jwks (for at most %lld seconds) refuse new "
			"tokens until they get it again: restart those that cannot wait.", (long long)cli->config->jwks_cache_seconds);
}
