/* latchkey scope add | list | remove: scopes beside those of OpenID Connect. */
#include <stdio.h>

#include "commands/commands.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/protocol/scope_pattern.h"
#include "lib/records/audit_store.h"
#include "lib/records/resource_store.h"
#include "lib/records/scope_store.h"

const struct command_option scope_add_options[] = {
	{ "description", OPTION_VALUE, "TEXT", "What the consent page says; {1} is what the first * of a pattern stands for." },
	{ "resource", OPTION_VALUE, "URI", "The API that it belongs to; the issuer itself if left out." },
	{ 0 },
};

static void write_json(struct buffer *out, const struct registered_scope *scope)
{
	json_object_open(out, NULL);
	json_text(out, "scope", scope->scope);
	json_text(out, "description", scope->description);
	json_text(out, "resource", scope->resource);
	json_number(out, "created_at", scope->created_at);
	json_object_close(out);
}

static void add_cells(struct table *table, const struct registered_scope *scope)
{
	table_cell(table, scope->scope);
	table_cell(table, scope->description);
	table_cell(table, scope->resource);
}

static const char *const titles[] = { "SCOPE", "DESCRIPTION", "RESOURCE" };

static void check(struct cli *cli, const struct registered_scope *scope)
{
	const char *wrong = scope_name_problem(cli->arena, scope->scope);

	if (wrong)
		cli_fail("%s", wrong);
	if (!scope->description)
		cli_usage(cli->command, "--description is missing.");
	wrong = scope_description_problem(scope->description, scope->scope);
	if (wrong)
		cli_fail("%s", wrong);
	cli_database(cli);
	if (scope->resource && !resource_find(cli->database, scope->resource))
		cli_fail("There is no resource %s; `latchkey resource add` adds it.", scope->resource);
}

void scope_add_run(struct cli *cli)
{
	struct registered_scope scope = { .scope = cli->argument, .description = cli_option(cli, "description"),
		.resource = cli_option(cli, "resource"), .created_at = cli->now };
	struct buffer out = buffer_create(cli->arena, 512);
	struct table *table = table_create(cli->arena, titles, 3);

	check(cli, &scope);
	database_begin(cli->database, DATABASE_DURABLE);
	if (!scope_insert(cli->database, &scope)) {
		database_rollback(cli->database);
		cli_fail("There is a scope %s already; `latchkey scope remove` removes it.", scope.scope);
	}
	cli_audit(cli, AUDIT_SCOPE_ADDED, NULL, NULL, scope.scope);
	database_commit(cli->database);

	write_json(&out, &scope);
	add_cells(table, &scope);
	if (cli->json)
		cli_print(out.data);
	else
		table_print(table);
}

struct scope_output {
	struct buffer json;
	struct table *table;
};

static void add_scope(void *context, const struct registered_scope *scope)
{
	struct scope_output *output = context;

	write_json(&output->json, scope);
	add_cells(output->table, scope);
}

void scope_list_run(struct cli *cli)
{
	struct scope_output output = { buffer_create(cli->arena, 1024), table_create(cli->arena, titles, 3) };

	cli_database(cli);
	json_array_open(&output.json, NULL);
	scope_list(cli->database, add_scope, &output);
	json_array_close(&output.json);
	if (cli->json)
		cli_print(output.json.data);
	else
		table_print(output.table);
}

void scope_remove_run(struct cli *cli)
{
	struct buffer out = buffer_create(cli->arena, 128);

	cli_database(cli);
	database_begin(cli->database, DATABASE_DURABLE);
	if (!scope_remove(cli->database, cli->argument)) {
		database_rollback(cli->database);
		cli_fail("There is no scope %s; `latchkey scope list` shows all.", cli->argument);
	}
	cli_audit(cli, AUDIT_SCOPE_REMOVED, NULL, NULL, cli->argument);
	database_commit(cli->database);

	json_object_open(&out, NULL);
	json_text(&out, "scope", cli->argument);
	json_object_close(&out);
	if (cli->json)
		cli_print(out.data);
	else
		printf("The scope %s was removed: no new token has it. Those that are out there last to their end.\n", cli->argument);
}
