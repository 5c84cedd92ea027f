/* latchkey client list | show | remove | rotate-secret; `client add` is in client_add.c. */
#include <stdio.h>
#include <string.h>

#include "commands/client.h"
#include "commands/commands.h"
#include "lib/base/json.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/crypto/random.h"
#include "lib/crypto/sealed_hash.h"
#include "lib/protocol/client_authentication.h"
#include "lib/protocol/client_metadata.h"
#include "lib/records/audit_store.h"

char *sealed_client_secret(struct cli *cli, const char *client_id, const char *secret)
{
	char *purpose = client_secret_purpose(cli->arena, client_id);
	const char *error = NULL;
	char *sealed = NULL;

	switch (sealed_hash_make(cli->arena, cli->config, purpose, secret, &sealed, &error)) {
	case SEALED_HASH_MATCHES:
		return sealed;
	case SEALED_HASH_BUSY:
		cli_fail("The server is busy with other passwords; try again in a moment.");
	default:
		cli_fail("%s.", error ? error : "The secret could not be hashed");
	}
}

struct client_output {
	struct cli *cli;
	struct buffer json;
	struct table *table;
};

/* A switch that weakens invariant 1 must catch the eye. */
static const char *pkce_text(struct arena *arena, const struct client *client)
{
	return text_equal(client->pkce, "required") ? client->pkce : arena_format(arena, "%s (!)", client->pkce);
}

static void add_client(void *context, const struct client *client)
{
	struct client_output *output = context;
	struct arena *arena = output->cli->arena;

	json_object_open(&output->json, NULL);
	json_text(&output->json, "client_id", client->client_id);
	json_text(&output->json, "client_name", client->client_name);
	json_bool(&output->json, "public", client_is_public(client));
	json_text(&output->json, "pkce", client->pkce);
	json_text(&output->json, "consent", client->consent);
	json_bool(&output->json, "disabled", client->disabled_at != 0);
	json_number(&output->json, "created_at", client->created_at);
	json_object_close(&output->json);

	table_cell(output->table, client->client_id);
	table_cell(output->table, client->client_name);
	table_cell(output->table, client_is_public(client) ? "public" : "confidential");
	table_cell(output->table, pkce_text(arena, client));
	table_cell(output->table, client->consent);
}

void client_list_run(struct cli *cli)
{
	static const char *const titles[] = { "ID", "NAME", "KIND", "PKCE", "CONSENT" };
	struct client_output output = { .cli = cli, .json = buffer_create(cli->arena, 4096) };

	output.table = table_create(cli->arena, titles, 5);
	cli_database(cli);
	json_array_open(&output.json, NULL);
	client_list(cli->database, add_client, &output);
	json_array_close(&output.json);
	if (cli->json)
		cli_print(output.json.data);
	else
		table_print(output.table);
}

static const struct client *require_client(struct cli *cli)
{
	const struct client *client;

	cli_database(cli);
	client = client_find(cli->database, cli->argument);
	if (!client)
		cli_fail("There is no client %s; `latchkey client list` shows all ids.", cli->argument);
	return client;
}

void client_print(struct cli *cli, const struct client *client, const char *secret)
{
	struct buffer out = buffer_create(cli->arena, 1024);
	const struct cJSON *object;
	struct table *table;

	client_metadata_write(&out, client, secret);
	if (cli->json) {
		cli_print(out.data);
		return;
	}
	object = json_parse(cli->arena, out.data, out.length, NULL);
	table = table_create(cli->arena, NULL, 2);
	for (const struct cJSON *item = json_next(object, NULL); item; item = json_next(object, item)) {
		table_cell(table, json_name(item));
		table_cell(table, json_is_text(item) ? json_string(item) : json_print(cli->arena, item));
	}
	table_print(table);
}

void client_show_run(struct cli *cli)
{
	client_print(cli, require_client(cli), NULL);
}

void client_remove_run(struct cli *cli)
{
	const struct client *client = require_client(cli);
	struct buffer out = buffer_create(cli->arena, 128);

	database_begin(cli->database, DATABASE_DURABLE);
	if (!client_remove(cli->database, client->client_id))
		cli_fail("There is no client %s any more.", client->client_id);
	cli_audit(cli, AUDIT_CLIENT_REMOVED, NULL, client->client_id, NULL);
	database_commit(cli->database);

	json_object_open(&out, NULL);
	json_text(&out, "client_id", client->client_id);
	json_object_close(&out);
	if (cli->json)
		cli_print(out.data);
	else
		printf("The client %s was removed, with all that it was granted.\n", client->client_id);
}

void client_rotate_secret_run(struct cli *cli)
{
	const struct client *client = require_client(cli);
	char *secret = random_alphanumeric(cli->arena, CLIENT_SECRET_LENGTH);
	char *sealed;

	if (client_is_public(client))
		cli_fail("The client %s is public: it has no secret.", client->client_id);
	if (client->jwks)
		cli_fail("The client %s authenticates with a key: it has no secret.", client->client_id);
	sealed = sealed_client_secret(cli, client->client_id, secret);
	database_begin(cli->database, DATABASE_DURABLE);
	client_set_secret(cli->database, client->client_id, sealed);
	cli_audit(cli, AUDIT_CLIENT_SECRET, NULL, client->client_id, NULL);
	database_commit(cli->database);
	client_print(cli, client, secret);
}
