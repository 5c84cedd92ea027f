/* latchkey upgrade: brings the database of an older release to the schema of this one. */
#include <stdio.h>

#include "commands/commands.h"
#include "lib/base/json_write.h"
#include "lib/database/migrations.h"
#include "lib/records/audit_store.h"

static void on_failure(void *context, const char *message)
{
	(void)context;
	cli_fail("The database failed, nothing was changed: %s.", message);
}

static void record(void *context, struct database *database, int from, int to)
{
	struct cli *cli = context;

	cli->database = database;
	cli_audit(cli, AUDIT_UPGRADED, NULL, NULL, arena_format(cli->arena, "schema %d to %d", from, to));
	cli->database = NULL;
}

void upgrade_run(struct cli *cli)
{
	const struct upgrade upgrade = { .migrations = database_migrations, .target = DATABASE_SCHEMA_VERSION, .copy = true,
		.record = record, .context = cli };
	struct buffer out = buffer_create(cli->arena, 256);
	const char *folder, *copy = NULL, *error = NULL;
	int from;

	cli_config(cli);
	folder = config_file(cli->arena, cli->config, "database");
	from = database_upgrade(cli->arena, folder, &upgrade, on_failure, cli, &error);
	if (from < 0)
		cli_fail("Nothing was changed: %s.", error);
	if (from != DATABASE_SCHEMA_VERSION)
		copy = arena_format(cli->arena, "%s/before-upgrade-%d.db", folder, from);

	json_object_open(&out, NULL);
	json_number(&out, "from", from);
	json_number(&out, "to", DATABASE_SCHEMA_VERSION);
	json_bool(&out, "changed", copy != NULL);
	json_text(&out, "copy", copy);
	json_object_close(&out);
	if (cli->json)
		cli_print(out.data);
	else if (copy)
		printf("The database was upgraded from schema version %d to %d. It is kept as it was in %s.\n", from, DATABASE_SCHEMA_VERSION, copy);
	else
		printf("The database has schema version %d already, there is nothing to do.\n", from);
}
