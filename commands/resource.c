/* latchkey resource add | list | show | remove: the APIs that access tokens can be for (RFC 8707). */
#include <stdio.h>
#include <string.h>

#include "commands/commands.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/http/parameters.h"
#include "lib/protocol/target.h"
#include "lib/records/audit_store.h"
#include "lib/records/resource_store.h"
#include "lib/records/signing_key_store.h"

enum { NAME_LONGEST = 200, SECONDS_MOST = 86400 };

const struct command_option resource_add_options[] = {
	{ "name", OPTION_VALUE, "TEXT", "What the consent page calls it." },
	{ "client-id", OPTION_VALUE, "ID", "The client that the API itself is: it may introspect tokens for it." },
	{ "access-token-seconds", OPTION_VALUE, "SECONDS", "How long its tokens are good; the client's or the configuration's if left out." },
	{ "signing-alg", OPTION_VALUE, "ALG", "What its tokens are signed with; RS256 if left out." },
	{ 0 },
};

static void write_json(struct buffer *out, const struct resource *resource)
{
	json_object_open(out, NULL);
	json_text(out, "resource", resource->resource);
	json_text(out, "name", resource->name);
	json_text(out, "client_id", resource->client_id);
	if (resource->access_token_seconds)
		json_number(out, "access_token_seconds", resource->access_token_seconds);
	json_text(out, "signing_alg", resource->signing_alg);
	json_number(out, "created_at", resource->created_at);
	json_object_close(out);
}

static const char *seconds_text(struct arena *arena, int64_t seconds)
{
	return seconds ? arena_format(arena, "%lld", (long long)seconds) : NULL;
}

static void print(struct cli *cli, const struct resource *resource)
{
	struct buffer out = buffer_create(cli->arena, 512);
	struct table *table = table_create(cli->arena, NULL, 2);
	const char *const rows[][2] = {
		{ "resource", resource->resource },
		{ "name", resource->name },
		{ "client_id", resource->client_id },
		{ "access_token_seconds", seconds_text(cli->arena, resource->access_token_seconds) },
		{ "signing_alg", resource->signing_alg },
		{ "created_at", cli_time(cli->arena, resource->created_at) },
	};

	if (cli->json) {
		write_json(&out, resource);
		cli_print(out.data);
		return;
	}
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		table_cell(table, rows[i][0]);
		table_cell(table, rows[i][1]);
	}
	table_print(table);
}

static void check_uri(struct cli *cli, const char *uri)
{
	if (text_empty(uri) || strlen(uri) > TARGET_LONGEST || !is_visible_ascii(uri) || strchr(uri, '#'))
		cli_fail("A resource is an absolute URI without a fragment (RFC 8707 2), or another name of 1 to %d visible ASCII characters.",
			TARGET_LONGEST);
	if (text_equal(uri, cli->config->issuer))
		cli_fail("The issuer is a resource already: the one of its own endpoints.");
}

static const char *read_name(struct cli *cli)
{
	const char *name = cli_option(cli, "name");

	if (!name)
		cli_usage(cli->command, "--name is missing.");
	if (!*name || strlen(name) > NAME_LONGEST || utf8_has_controls(name))
		cli_fail("--name must be a text of 1 to %d bytes without control characters.", NAME_LONGEST);
	return name;
}

static int64_t read_seconds(struct cli *cli)
{
	const char *text = cli_option(cli, "access-token-seconds");
	int64_t seconds = 0;

	if (text && (!text_to_number(text, &seconds) || seconds < 1 || seconds > SECONDS_MOST))
		cli_fail("--access-token-seconds must be a number from 1 to %d.", SECONDS_MOST);
	return seconds;
}

/* A token for a resource whose algorithm no key has would be an error of the server. */
static const char *read_alg(struct cli *cli)
{
	const char *alg = cli_option(cli, "signing-alg");
	const char *algs = signing_key_algs(cli->database);

	if (alg && !words_contain(algs, alg))
		cli_fail("No key signs with %s; there are keys for: %s. `latchkey key rotate --alg` makes others.", alg, algs);
	return alg;
}

void resource_add_run(struct cli *cli)
{
	struct resource resource = { .resource = cli->argument, .name = read_name(cli), .access_token_seconds = read_seconds(cli),
		.client_id = cli_option(cli, "client-id"), .created_at = cli->now };

	cli_database(cli);
	check_uri(cli, resource.resource);
	resource.signing_alg = read_alg(cli);
	if (resource.client_id && !client_find(cli->database, resource.client_id))
		cli_fail("There is no client %s; `latchkey client list` shows all ids.", resource.client_id);

	database_begin(cli->database, DATABASE_DURABLE);
	if (!resource_insert(cli->database, &resource)) {
		database_rollback(cli->database);
		cli_fail("There is a resource %s already; `latchkey resource remove` removes it.", resource.resource);
	}
	cli_audit(cli, AUDIT_RESOURCE_ADDED, NULL, resource.client_id, resource.resource);
	database_commit(cli->database);
	print(cli, &resource);
	if (!target_is_uri(resource.resource))
		cli_note("Note: %s is no absolute URI, so clients can ask for it by `audience` alone.", resource.resource);
}

struct resource_output {
	struct cli *cli;
	struct buffer json;
	struct table *table;
};

static void add_resource(void *context, const struct resource *resource)
{
	struct resource_output *output = context;
	struct arena *arena = output->cli->arena;

	write_json(&output->json, resource);
	table_cell(output->table, resource->resource);
	table_cell(output->table, resource->name);
	table_cell(output->table, resource->client_id);
	table_cell(output->table, seconds_text(arena, resource->access_token_seconds));
	table_cell(output->table, resource->signing_alg);
}

void resource_list_run(struct cli *cli)
{
	static const char *const titles[] = { "RESOURCE", "NAME", "CLIENT", "SECONDS", "ALG" };
	struct resource_output output = { .cli = cli, .json = buffer_create(cli->arena, 1024) };

	output.table = table_create(cli->arena, titles, 5);
	cli_database(cli);
	json_array_open(&output.json, NULL);
	resource_list(cli->database, add_resource, &output);
	json_array_close(&output.json);
	if (cli->json)
		cli_print(output.json.data);
	else
		table_print(output.table);
}

static const struct resource *require_resource(struct cli *cli)
{
	const struct resource *resource;

	cli_database(cli);
	resource = resource_find(cli->database, cli->argument);
	if (!resource)
		cli_fail("There is no resource %s; `latchkey resource list` shows all.", cli->argument);
	return resource;
}

void resource_show_run(struct cli *cli)
{
	print(cli, require_resource(cli));
}

void resource_remove_run(struct cli *cli)
{
	const struct resource *resource = require_resource(cli);
	struct buffer out = buffer_create(cli->arena, 128);

	database_begin(cli->database, DATABASE_DURABLE);
	if (!resource_remove(cli->database, resource->resource)) {
		database_rollback(cli->database);
		cli_fail("There is no resource %s any more.", resource->resource);
	}
	cli_audit(cli, AUDIT_RESOURCE_REMOVED, NULL, resource->client_id, resource->resource);
	database_commit(cli->database);

	json_object_open(&out, NULL);
	json_text(&out, "resource", resource->resource);
	json_object_close(&out);
	if (cli->json)
		cli_print(out.data);
	else
		printf("The resource %s was removed, with its scopes. Tokens for it that are out there last to their end.\n", resource->resource);
}
