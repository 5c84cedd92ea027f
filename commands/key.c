/* latchkey key list */
#include "commands/commands.h"
#include "lib/base/json_write.h"
#include "lib/records/signing_key_store.h"

struct key_output {
	struct cli *cli;
	struct buffer json;
	struct table *table;
};

static void add_key(void *context, const struct signing_key_record *key)
{
	struct key_output *output = context;
	struct arena *arena = output->cli->arena;

	json_object_open(&output->json, NULL);
	json_text(&output->json, "kid", key->kid);
	json_text(&output->json, "alg", key->alg);
	json_text(&output->json, "state", key->state);
	json_number(&output->json, "created_at", key->created_at);
	if (key->activated_at)
		json_number(&output->json, "activated_at", key->activated_at);
	if (key->retired_at)
		json_number(&output->json, "retired_at", key->retired_at);
	if (key->expires_at)
		json_number(&output->json, "expires_at", key->expires_at);
	json_object_close(&output->json);

	table_cell(output->table, key->kid);
	table_cell(output->table, key->alg);
	table_cell(output->table, key->state);
	table_cell(output->table, cli_time(arena, key->created_at));
	table_cell(output->table, cli_time(arena, key->activated_at));
	table_cell(output->table, cli_time(arena, key->expires_at));
}

void key_list_run(struct cli *cli)
{
	static const char *const titles[] = { "KID", "ALG", "STATE", "CREATED", "ACTIVATED", "LEAVES THE JWKS" };
	struct key_output output = { .cli = cli, .json = buffer_create(cli->arena, 512) };

	output.table = table_create(cli->arena, titles, 6);
	cli_database(cli);
	json_array_open(&output.json, NULL);
	signing_key_list(cli->database, cli->now, add_key, &output);
	json_array_close(&output.json);
	if (cli->json)
		cli_print(output.json.data);
	else
		table_print(output.table);
}
