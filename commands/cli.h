/* What every command of the CLI stands on: its options, the installation, how it speaks and how it fails. */
#ifndef LATCHKEY_COMMANDS_CLI_H
#define LATCHKEY_COMMANDS_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buffer.h"
#include "lib/base/config.h"
#include "lib/database/database.h"

enum { EXIT_FINE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

enum option_kind { OPTION_FLAG, OPTION_VALUE, OPTION_LIST };

struct command_option {
	const char *name;  /* without the dashes */
	enum option_kind kind;
	const char *value; /* what stands after it: "ADDRESS" */
	const char *help;
};

struct cli;

/* A row of the table in main.c. */
struct command {
	const char *noun;
	const char *verb;     /* NULL: the noun alone is the command */
	const char *argument; /* "NAME", "[NAME]" where it may be left out; NULL: none */
	const char *help;
	const struct command_option *options; /* ended by a NULL name; NULL: none. --json and --help are understood by all */
	void (*run)(struct cli *cli);
};

struct given_option {
	const char *name;
	const char *value; /* "" for a flag */
};

struct cli {
	struct arena *arena;
	const struct command *command;
	bool json;
	const char *argument; /* NULL: none was given */
	struct given_option *given;
	int given_count;
	int64_t now;
	const struct config *config;       /* set by cli_config() */
	struct database *database;         /* set by cli_database() */
};

/* Reads what stands after noun and verb; ends the program with a usage message if that is wrong. */
void cli_parse(struct cli *cli, int count, char **words);

/* The value of an option, the index-th of a repeated one; NULL if it was not given. */
const char *cli_option(const struct cli *cli, const char *name);
const char *cli_option_at(const struct cli *cli, const char *name, int index);

/* The configuration that LATCHKEY_CONFIG names; it and the database, open for everything. */
void cli_config(struct cli *cli);
void cli_database(struct cli *cli);

/*
 * Called by root (by hand, by cron): gives `path` to the owner of `folder`, or the web server, which runs as that owner, could
 * not use it. Fails if that cannot be done.
 */
void cli_give_to_owner(const char *folder, const char *path);

/* An entry of the audit log about what the operator did. */
void cli_audit(struct cli *cli, const char *event, const char *user_id, const char *client_id, const char *detail);

/* One sentence on standard error after "latchkey: ". cli_fail() ends the program with 1, cli_usage() with 2. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void cli_usage(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The line that shows how a command is called, and the whole help of one, for `--help`. */
char *command_synopsis(struct arena *arena, const struct command *command);
void command_help(struct arena *arena, const struct command *command);

/* Writes to standard output; a line end is added. */
void cli_print(const char *text);

/* Rows of cells, written with the columns aligned, after the titles (NULL: none). A NULL cell shows as "-". */
struct table;
struct table *table_create(struct arena *arena, const char *const *titles, int columns);
void table_cell(struct table *table, const char *text);
void table_print(const struct table *table);

/* A time for a table: 2026-11-21T10:00:00Z, NULL for 0. */
char *cli_time(struct arena *arena, int64_t seconds);

/* All of a file, or of standard input for "-", at most so many bytes. */
char *input_read(struct arena *arena, const char *path, size_t *length);

/* A new password: the first line of standard input, or asked for twice at the terminal. NULL if there is neither. */
const char *input_password(struct cli *cli, bool from_stdin);

/*
 * The passphrase of a backup: --passphrase-file, --passphrase-stdin, or asked for at the terminal, of a new one twice and not
 * too short. Ends the program if there is none.
 */
const char *input_passphrase(struct cli *cli, bool is_new);

#endif
