/*
 * latchkey: what the operator does by hand. The table below is the whole of it; each noun has a file of its own.
 * Ends with 0 when all went well, 1 when something was refused or failed, 2 when the call was wrong.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commands/commands.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#define VERSION "0.1.0"

enum { MEMORY_LIMIT = 1024 * 1024 * 1024 };

static const struct command commands[] = {
	{ "init", NULL, NULL, "Makes an installation: configuration, database and keys. What is there already stays as it is.",
		init_options, init_run },
	{ "user", "add", "NAME", "Adds an account. Without a password it cannot sign in until `user set-password` gave it one.",
		user_add_options, user_add_run },
	{ "user", "list", NULL, "Lists all accounts.", NULL, user_list_run },
	{ "user", "set-password", "NAME", "Sets a new password and ends the sessions of the user.",
		user_password_options, user_set_password_run },
	{ "user", "disable", "NAME", "Lets nobody sign in with the account; ends its sessions and revokes its tokens.",
		NULL, user_disable_run },
	{ "user", "enable", "NAME", "Takes back `user disable`.", NULL, user_enable_run },
	{ "user", "reset-mfa", "NAME", "Removes authenticator app, recovery codes and passkeys, and ends the sessions of the user.",
		NULL, user_reset_mfa_run },
	{ "client", "add", NULL, "Registers an application by its metadata (RFC 7591). The secret is shown once.",
		client_add_options, client_add_run },
	{ "client", "list", NULL, "Lists all applications.", NULL, client_list_run },
	{ "client", "show", "ID", "Shows the metadata of an application.", NULL, client_show_run },
	{ "client", "remove", "ID", "Removes an application and all that it was granted.", NULL, client_remove_run },
	{ "client", "rotate-secret", "ID", "Gives an application a new secret. The old one ends at once.",
		NULL, client_rotate_secret_run },
	{ "resource", "add", "URI", "Registers an API that access tokens can be for (RFC 8707).",
		resource_add_options, resource_add_run },
	{ "resource", "list", NULL, "Lists all APIs.", NULL, resource_list_run },
	{ "resource", "show", "URI", "Shows an API.", NULL, resource_show_run },
	{ "resource", "remove", "URI", "Removes an API and its scopes.", NULL, resource_remove_run },
	{ "scope", "add", "NAME", "Registers a scope, or with * for a part between colons a pattern: read:organization:*.",
		scope_add_options, scope_add_run },
	{ "scope", "list", NULL, "Lists all scopes beside those of OpenID Connect.", NULL, scope_list_run },
	{ "scope", "remove", "NAME", "Removes a scope: no new token has it.", NULL, scope_remove_run },
	{ "invitation", "add", NULL, "Makes a link with which somebody can make an account, once. It is shown once.",
		invitation_add_options, invitation_add_run },
	{ "invitation", "list", NULL, "Lists the invitations that are open.", NULL, invitation_list_run },
	{ "invitation", "remove", "ID", "Takes an invitation back.", NULL, invitation_remove_run },
	{ "key", "list", NULL, "Lists the keys that sign tokens.", NULL, key_list_run },
	{ "key", "rotate", NULL, "Lets the next key sign as soon as every client knows it, and makes the one after it.",
		key_rotate_options, key_rotate_run },
	{ "session", "list", NULL, "Lists where users are signed in.", session_list_options, session_list_run },
	{ "session", "end", "[ID]", "Signs out: one session, all of a user, or everybody; ends their tokens, but for offline access.",
		session_end_options, session_end_run },
	{ "audit", NULL, NULL, "Shows the audit log, or checks that nobody changed it.", audit_options, audit_run },
	{ "backup", NULL, "FILE", "Writes configuration, database and keys to one encrypted file (- is standard output), while the server runs.",
		backup_options, backup_run },
	{ "restore", NULL, "FILE", "Makes an installation out of a backup (- is standard input), and signs everybody out.",
		restore_options, restore_run },
	{ "upgrade", NULL, NULL, "Brings the database of an older release to this one, and keeps a copy of it.", NULL, upgrade_run },
	{ "gc", NULL, NULL, "Removes what expired, makes missing next keys, seals the audit log. For cron.", NULL, gc_run },
	{ "doctor", NULL, NULL, "Looks at files, database, keys, clock, mail and the own web server, and says what to do. Changes nothing.",
		doctor_options, doctor_run },
	{ "publish", NULL, NULL, "Writes the well-known files anew. For after a change of the configuration.", NULL, publish_run },
	{ "privileges", NULL, "[ENDPOINT]", "Shows what the endpoints may do, as they say it of themselves.",
		NULL, privileges_run },
	{ 0 },
};

/* Every command, or those of one noun. */
static void list_commands(struct arena *arena, const char *noun)
{
	struct table *table = table_create(arena, NULL, 2);

	for (const struct command *c = commands; c->noun; c++) {
		if (noun && !text_equal(noun, c->noun))
			continue;
		table_cell(table, arena_format(arena, "  %s%s%s%s%s", c->noun, c->verb ? " " : "", c->verb ? c->verb : "",
			c->argument ? " " : "", c->argument ? c->argument : ""));
		table_cell(table, c->help);
	}
	if (!noun) {
		table_cell(table, "  help [COMMAND]");
		table_cell(table, "Shows this, or the options of a command; so does --help behind it.");
	}
	table_print(table);
}

static void show_help(struct arena *arena)
{
	printf("usage: latchkey COMMAND [ARGUMENT] [--OPTION VALUE]…\n\n");
	list_commands(arena, NULL);
	printf("\nEvery command understands --json. LATCHKEY_CONFIG names the configuration, else it is %s.\n",
		LATCHKEY_CONFIG_PATH);
}

static bool noun_exists(const char *noun)
{
	for (const struct command *c = commands; c->noun; c++)
		if (text_equal(c->noun, noun))
			return true;
	return false;
}

/* The command that the words begin with, and how many words name it; NULL if there is none. */
static const struct command *find_command(int count, char **words, int *named)
{
	for (const struct command *c = commands; c->noun && count > 0; c++) {
		if (!text_equal(c->noun, words[0]))
			continue;
		*named = c->verb ? 2 : 1;
		if (!c->verb || (count > 1 && text_equal(c->verb, words[1])))
			return c;
	}
	return NULL;
}

static bool asks_for_help(int count, char **words)
{
	for (int i = 0; i < count && !text_equal(words[i], "--"); i++)
		if (text_equal(words[i], "--help") || text_equal(words[i], "-h"))
			return true;
	return false;
}

/* `help`, `help user`, `help user add`, and the same with --help at the end. */
static void help_run(struct arena *arena, int count, char **words)
{
	int named;
	const struct command *command = find_command(count, words, &named);

	if (command)
		command_help(arena, command);
	else if (count > 0 && noun_exists(words[0]))
		list_commands(arena, words[0]);
	else if (count > 0 && words[0][0] != '-')
		cli_usage(NULL, "There is no command %s; `latchkey help` lists them all.", words[0]);
	else
		show_help(arena);
}

static void run(struct cli *cli, int count, char **words)
{
	int named;

	if (count == 0)
		cli_usage(NULL, "A command is missing; `latchkey help` lists them all.");
	if (text_equal(words[0], "--version")) {
		printf("latchkey %s, schema %d\n", VERSION, DATABASE_SCHEMA_VERSION);
		return;
	}
	if (text_equal(words[0], "help") || asks_for_help(count, words)) {
		int first = text_equal(words[0], "help") ? 1 : 0;

		help_run(cli->arena, count - first, words + first);
		return;
	}
	cli->command = find_command(count, words, &named);
	if (!cli->command && noun_exists(words[0]))
		cli_usage(NULL, "%s needs one of its verbs: `latchkey help %s` lists them.", words[0], words[0]);
	if (!cli->command)
		cli_usage(NULL, "There is no command %s; `latchkey help` lists them all.", words[0]);
	cli_parse(cli, count - named, words + named);
	cli->command->run(cli);
}

int main(int argc, char **argv)
{
	struct cli cli = { .arena = arena_create(MEMORY_LIMIT), .now = clock_seconds() };

	if (!cli.arena)
		cli_fail("There is no memory.");
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	run(&cli, argc - 1, argv + 1);
	if (cli.database)
		database_release(cli.database, true);
	if (fflush(stdout) != 0 || ferror(stdout))
		cli_fail("The output could not be written, but the command was carried out.");
	arena_destroy(cli.arena);
	return EXIT_FINE;
}
