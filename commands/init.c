/*
 * latchkey init: makes an installation. Each step looks whether its work is done already and becomes visible in
 * one piece, so a call that was cut short is finished by the next one.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/commands.h"
#include "commands/publish.h"
#include "commands/keys_make.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/crypto/seal.h"
#include "lib/records/audit_seal_store.h"
#include "lib/records/client_store.h"
#include "lib/records/signing_key_store.h"
#include "lib/records/user_store.h"

#define SIGNING_ALG "RS256"

const struct command_option init_options[] = {
	{ "directory", OPTION_VALUE, "DIR", "The folder of the installation; made if it is missing." },
	{ "issuer", OPTION_VALUE, "URL", "How clients and browsers reach it, without a slash at the end." },
	{ 0 },
};

struct init {
	struct cli *cli;
	const char *directory;
	struct buffer made; /* what this call made, as a JSON array */
	bool changed;
	bool new_directory;
};

static void made(struct init *init, const char *path)
{
	json_text(&init->made, NULL, path);
	init->changed = true;
	if (!init->cli->json)
		printf("made %s\n", path);
}

static bool exists(const char *path)
{
	struct stat status;

	if (lstat(path, &status) == 0)
		return true;
	if (errno != ENOENT)
		cli_fail("%s cannot be looked at: %s.", path, strerror(errno));
	return false;
}

/* The folder itself stays with whom it belongs to. */
static void give_to_owner(const struct init *init, const char *path)
{
	if (init->directory)
		cli_give_to_owner(init->directory, path);
}

static void make_folder(struct init *init, const char *path, mode_t mode)
{
	struct stat status;

	if (mkdir(path, mode) == 0) {
		if (chmod(path, mode) != 0)
			cli_fail("The mode of %s cannot be set: %s.", path, strerror(errno));
		give_to_owner(init, path);
		made(init, path);
	} else if (errno != EEXIST) {
		cli_fail("%s cannot be made: %s.", path, strerror(errno));
	} else if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
		cli_fail("%s is there, but it is no folder: move it away.", path);
	}
}

static void sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		cli_fail("%s cannot be written to disk: %s.", path, strerror(errno));
	close(fd);
}

static const char *configuration_text(struct arena *arena, const char *issuer)
{
	struct buffer text = buffer_create(arena, 8192);

	buffer_text(&text, "# The configuration of Latchkey: key = value lines. latchkey.conf(5) describes every key.\n"
		"# A key behind a # has its default value.\n");
	for (const struct config_key *key = config_keys; key->name; key++) {
		buffer_format(&text, "\n# %s\n", key->help);
		if (text_equal(key->name, "issuer"))
			buffer_format(&text, "issuer = %s\n", issuer);
		else
			buffer_format(&text, "#%s = %s\n", key->name, key->fallback ? key->fallback : "");
	}
	return text.data;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
	size_t length = strlen(text);

	if (fd < 0)
		cli_fail("%s cannot be made: %s.", path, strerror(errno));
	if (write(fd, text, length) != (ssize_t)length || fchmod(fd, 0640) != 0 || fsync(fd) != 0 || close(fd) != 0)
		cli_fail("%s cannot be written: %s.", path, strerror(errno));
}

/* Written beside its place, read as every program will read it, and only then put there. */
static void make_configuration(struct init *init, const char *path, const char *issuer)
{
	struct arena *arena = init->cli->arena;
	char *beside = arena_format(arena, "%s.new", path);
	const char *error = NULL, *why;

	if (strpbrk(issuer, "\r\n"))
		cli_fail("The issuer cannot have a line end in it.");
	write_file(beside, configuration_text(arena, issuer));
	init->cli->config = config_load(arena, beside, &error);
	if (!init->cli->config || !text_equal(init->cli->config->issuer, issuer)) {
		unlink(beside);
		if (init->new_directory)
			rmdir(init->directory);
		why = error ? strstr(error, ": issuer ") : NULL;
		cli_fail("%s cannot be the issuer: it %s.", issuer, why ? why + strlen(": issuer ") : "is read back differently");
	}
	give_to_owner(init, beside);
	if (rename(beside, path) != 0)
		cli_fail("%s cannot be put in place: %s.", path, strerror(errno));
	sync_folder(init->directory);
	made(init, path);
}

static void require_configuration(struct init *init, const char *path, const char *issuer)
{
	const char *error = NULL;

	if (!exists(path)) {
		make_configuration(init, path, issuer);
		return;
	}
	init->cli->config = config_load(init->cli->arena, path, &error);
	if (!init->cli->config)
		cli_fail("%s.", error);
	if (!text_equal(init->cli->config->issuer, issuer))
		cli_fail("%s is the installation of %s already: choose another --directory, or change the issuer there "
			"(every client has to follow).", init->directory, init->cli->config->issuer);
}

static void note_user(void *context, const struct user *user)
{
	(void)user;
	*(bool *)context = true;
}

static void note_client(void *context, const struct client *client)
{
	(void)client;
	*(bool *)context = true;
}

static void make_seal_key(struct init *init, const char *path)
{
	const char *error = NULL;

	if (!seal_key_create(init->cli->arena, path, &error))
		cli_fail("%s.", error);
	give_to_owner(init, path);
	made(init, path);
}

/* A new key where an old one was lost would make every password and client secret wrong without a word. */
static void require_seal_key(struct init *init, const char *name)
{
	struct cli *cli = init->cli;
	char *path = config_file(cli->arena, cli->config, name);
	bool in_use = false;

	if (exists(path))
		return;
	user_list(cli->database, NULL, 1, note_user, &in_use);
	if (!in_use)
		client_list(cli->database, note_client, &in_use);
	if (in_use)
		cli_fail("%s is missing, but the database has accounts or clients that need it: restore it from a backup.", path);
	make_seal_key(init, path);
}

/* No endpoint reads it. With another key every seal would look broken. */
static void require_audit_key(struct init *init)
{
	struct cli *cli = init->cli;
	char *path = config_file(cli->arena, cli->config, "keys/audit.key");
	struct audit_seal last;

	if (exists(path))
		return;
	if (audit_seal_last(cli->database, &last))
		cli_fail("%s is missing, but the audit log is sealed with it: restore it from a backup.", path);
	make_seal_key(init, path);
}

static void note_key(void *context, const struct signing_key_record *key)
{
	struct cli *cli = context;

	if (!text_equal(key->state, "retired") && !exists(key_path(cli, key->kid)))
		cli_fail("%s is missing, but the database names it: restore it from a backup, or run `latchkey key rotate --now`.",
			key_path(cli, key->kid));
}

static void require_signing_keys(struct init *init)
{
	struct cli *cli = init->cli;
	const char *kids[KEYS_MADE_MOST];
	int count;

	signing_key_list(cli->database, cli->now, note_key, cli);
	count = key_ensure(cli, SIGNING_ALG, kids);
	for (int i = 0; i < count; i++)
		made(init, key_path(cli, kids[i]));
}

static void require_files(struct init *init)
{
	const char *paths[PUBLISHED_FILES];
	int count = publish_files(init->cli, paths);

	for (int i = 0; i < count; i++)
		made(init, paths[i]);
}

static void require_database(struct init *init)
{
	struct cli *cli = init->cli;
	char *folder = config_file(cli->arena, cli->config, "database");
	char *path = config_file(cli->arena, cli->config, "database/latchkey.db");
	const char *error = NULL;

	make_folder(init, folder, 0700);
	if (!exists(path)) {
		if (!database_create(cli->arena, folder, &error))
			cli_fail("%s.", error);
		made(init, path);
	}
	cli_database(cli);
}

/* Endpoints wake deliver by it. */
static void require_wake(struct init *init, const char *path)
{
	struct stat status;

	if (mkfifo(path, 0600) == 0) {
		give_to_owner(init, path);
		made(init, path);
	} else if (errno != EEXIST) {
		cli_fail("%s cannot be made: %s.", path, strerror(errno));
	} else if (lstat(path, &status) != 0 || !S_ISFIFO(status.st_mode)) {
		cli_fail("%s is there, but it is no FIFO: move it away.", path);
	}
}

/* Two calls at the same time take turns. */
static void open_directory(struct init *init, const char *directory)
{
	char resolved[PATH_MAX];
	int fd;

	make_folder(init, directory, 0750);
	init->new_directory = init->changed;
	if (!realpath(directory, resolved))
		cli_fail("%s cannot be found: %s.", directory, strerror(errno));
	init->directory = arena_text(init->cli->arena, resolved);
	fd = open(resolved, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) != 0)
		cli_fail("%s cannot be locked: %s.", resolved, strerror(errno));
}

void init_run(struct cli *cli)
{
	struct init init = { .cli = cli, .made = buffer_create(cli->arena, 1024) };
	const char *directory = cli_option(cli, "directory");
	const char *issuer = cli_option(cli, "issuer");
	struct buffer out = buffer_create(cli->arena, 1024);
	char *path;

	if (text_empty(directory) || text_empty(issuer))
		cli_usage(cli->command, "--directory and --issuer are needed.");
	json_array_open(&init.made, NULL);
	open_directory(&init, directory);
	path = arena_format(cli->arena, "%s/latchkey.conf", init.directory);
	require_configuration(&init, path, issuer);
	require_database(&init);
	make_folder(&init, config_file(cli->arena, cli->config, "keys"), 0700);
	require_seal_key(&init, "keys/credentials.key");
	require_seal_key(&init, "keys/clients.key");
	require_audit_key(&init);
	require_seal_key(&init, "keys/refresh.key");
	make_folder(&init, config_file(cli->arena, cli->config, "keys/signing"), 0700);
	require_signing_keys(&init);
	require_files(&init);
	make_folder(&init, config_file(cli->arena, cli->config, "mail"), 0700);
	make_folder(&init, config_file(cli->arena, cli->config, "mail/sent"), 0700);
	require_wake(&init, config_file(cli->arena, cli->config, "mail/wake"));
	json_array_close(&init.made);

	json_object_open(&out, NULL);
	json_text(&out, "directory", init.directory);
	json_text(&out, "config", path);
	json_text(&out, "issuer", issuer);
	json_bool(&out, "changed", init.changed);
	json_raw(&out, "made", init.made.data);
	json_object_close(&out);
	if (cli->json)
		cli_print(out.data);
	else if (init.changed)
		printf("The installation of %s is ready. Next: export LATCHKEY_CONFIG=%s\n", issuer, path);
	else
		printf("Everything is there already, nothing was changed: %s\n", init.directory);
}
