#include "commands/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/records/audit_store.h"

/* Control characters out of arguments and files never reach the terminal. */
__attribute__((format(printf, 1, 0)))
static void say(const char *format, va_list arguments)
{
	char text[2048];

	vsnprintf(text, sizeof text, format, arguments);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "latchkey: %s\n", text);
}

void cli_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
}

void cli_fail(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	exit(EXIT_REFUSED);
}

void cli_usage(const struct command *command, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	if (command) {
		struct arena *arena = arena_create(65536);

		if (arena) {
			fprintf(stderr, "usage: %s\n", command_synopsis(arena, command));
			arena_destroy(arena);
		}
	}
	exit(EXIT_USAGE);
}

static const struct command_option *option_find(const struct command *command, const char *name, size_t length)
{
	static const struct command_option json = { "json", OPTION_FLAG, NULL, NULL };

	if (length == 4 && strncmp(name, "json", length) == 0)
		return &json;
	for (const struct command_option *o = command->options; o && o->name; o++)
		if (strlen(o->name) == length && strncmp(o->name, name, length) == 0)
			return o;
	return NULL;
}

/* One option, whose value may be the next word: how many words it took. */
static int parse_option(struct cli *cli, int count, char **words)
{
	const char *word = words[0] + 2;
	const char *value = strchr(word, '=');
	size_t length = value ? (size_t)(value - word) : strlen(word);
	const struct command_option *option = option_find(cli->command, word, length);
	int taken = 1;

	if (!option)
		cli_usage(cli->command, "There is no option --%.*s; try --help.", (int)(length > 80 ? 80 : length), word);
	if (option->kind == OPTION_FLAG && value)
		cli_usage(cli->command, "The option --%s takes no value.", option->name);
	if (option->kind != OPTION_FLAG && !value) {
		if (count < 2)
			cli_usage(cli->command, "The option --%s needs a value.", option->name);
		value = words[taken++];
	} else if (value) {
		value++;
	}
	if (option->kind != OPTION_LIST && cli_option(cli, option->name))
		cli_usage(cli->command, "The option --%s stands there twice.", option->name);
	cli->given[cli->given_count++] = (struct given_option){ option->name, value ? value : "" };
	return taken;
}

void cli_parse(struct cli *cli, int count, char **words)
{
	const char *wanted = cli->command->argument;
	bool options_over = false;

	cli->given = arena_alloc(cli->arena, sizeof *cli->given * ((size_t)count + 1));
	for (int i = 0; i < count; i++) {
		if (!options_over && strcmp(words[i], "--") == 0) {
			options_over = true;
		} else if (!options_over && words[i][0] == '-' && words[i][1] == '-') {
			i += parse_option(cli, count - i, words + i) - 1;
		} else if (!options_over && words[i][0] == '-' && words[i][1]) {
			cli_usage(cli->command, "There is no option %s; try --help.", words[i]);
		} else if (!wanted || cli->argument) {
			cli_usage(cli->command, "%s is one argument too many.", words[i]);
		} else {
			cli->argument = words[i];
		}
	}
	if (wanted && wanted[0] != '[' && !cli->argument)
		cli_usage(cli->command, "%s is missing.", wanted);
	cli->json = cli_option(cli, "json") != NULL;
}

const char *cli_option_at(const struct cli *cli, const char *name, int index)
{
	for (int i = 0; i < cli->given_count; i++)
		if (strcmp(cli->given[i].name, name) == 0 && index-- == 0)
			return cli->given[i].value;
	return NULL;
}

const char *cli_option(const struct cli *cli, const char *name)
{
	return cli_option_at(cli, name, 0);
}

void cli_config(struct cli *cli)
{
	const char *error = NULL;

	cli->config = config_load(cli->arena, config_path(), &error);
	if (!cli->config && access(config_path(), F_OK) != 0)
		cli_fail("%s. LATCHKEY_CONFIG names the configuration; `latchkey init` makes one.", error);
	if (!cli->config)
		cli_fail("%s.", error);
}

static void on_database_failure(void *context, const char *message)
{
	(void)context;
	cli_fail("The database failed, nothing was changed: %s.", message);
}

void cli_database(struct cli *cli)
{
	const char *error = NULL;
	const char *folder;

	if (!cli->config)
		cli_config(cli);
	folder = config_file(cli->arena, cli->config, "database");
	if (database_open(cli->arena, folder, NULL, NULL, on_database_failure, cli, &cli->database, &error) != DATABASE_OPEN)
		cli_fail("%s.", error);
}

void cli_give_to_owner(const char *folder, const char *path)
{
	struct stat owner;

	if (geteuid() != 0)
		return;
	if (stat(folder, &owner) != 0 || (owner.st_uid != 0 && lchown(path, owner.st_uid, owner.st_gid) != 0))
		cli_fail("The owner of %s cannot be set: %s.", path, strerror(errno));
}

void cli_audit(struct cli *cli, const char *event, const char *user_id, const char *client_id, const char *detail)
{
	struct audit_event entry = {
		.at = cli->now,
		.event = event,
		.user_id = user_id,
		.client_id = client_id,
		.detail = detail ? arena_format(cli->arena, "command line: %s", detail) : "command line",
	};

	audit_write(cli->database, &entry);
}

char *cli_time(struct arena *arena, int64_t seconds)
{
	char text[32];

	if (seconds == 0)
		return NULL;
	clock_format(seconds, text);
	return arena_text(arena, text);
}
