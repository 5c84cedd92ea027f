/*
 * latchkey restore: makes an installation out of a backup. All of the backup is checked first; then the installation is made
 * beside its place, looked at, signed out, audited and synced, and put in place at last, so that a crash leaves the old one or the new one.
 */
#include "commands/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/archive.h"
#include "commands/commands.h"
#include "commands/publish.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/database/backup.h"
#include "lib/database/migrations.h"
#include "lib/records/audit_store.h"
#include "lib/records/sign_out_store.h"

const struct command_option restore_options[] = {
	{ "directory", OPTION_VALUE, "DIR", "The folder of the installation, else the one that LATCHKEY_CONFIG names." },
	{ "force", OPTION_FLAG, NULL, "Replace the installation that is there. It is kept under another name beside it." },
	{ "keep-sessions", OPTION_FLAG, NULL, "Sessions and tokens of the backup count again, also those that were ended since." },
	{ "passphrase-stdin", OPTION_FLAG, NULL, "Take the first line of standard input as the passphrase." },
	{ "passphrase-file", OPTION_VALUE, "FILE", "Take the first line of a file, which nobody else may read." },
	{ 0 },
};

/* What cannot be read twice is kept in a file without a name: it is encrypted still. */
static int spool(int from)
{
	const char *folder = getenv("TMPDIR");
	unsigned char part[65536];
	int file = open(text_empty(folder) ? "/tmp" : folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	ssize_t got;

	if (file < 0)
		cli_fail("There is no place for a temporary file (TMPDIR): %s.", strerror(errno));
	while ((got = read(from, part, sizeof part)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || write(file, part, (size_t)got) != got)
			cli_fail("The backup cannot be read: %s.", strerror(errno));
	}
	return file;
}

static int open_backup(struct cli *cli)
{
	bool from_stdin = text_equal(cli->argument, "-");
	int file = from_stdin ? STDIN_FILENO : open(cli->argument, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (from_stdin && cli_option(cli, "passphrase-stdin"))
		cli_usage(cli->command, "Backup and passphrase cannot both come from standard input: use --passphrase-file.");
	if (file < 0)
		cli_fail("%s cannot be read: %s.", cli->argument, strerror(errno));
	if (isatty(file))
		cli_fail("Standard input is a terminal: send it the backup (< FILE), or name a file.");
	if (lseek(file, 0, SEEK_CUR) < 0)
		file = spool(file);
	return file;
}

static void read_backup(struct restore *restore, int file, const char *passphrase, const char *folder, struct manifest *manifest)
{
	const char *problem = lseek(file, 0, SEEK_SET) == 0 ? archive_read(restore->cli, file, passphrase, folder, manifest) : strerror(errno);

	if (problem)
		cli_fail("%s cannot be restored: %s. Nothing was changed.", restore->cli->argument, problem);
}

static void on_failure(void *context, const char *message)
{
	(void)context;
	cli_fail("The database of the backup failed: %s. Nothing was changed.", message);
}

/* The new installation is worked on where it is made, whatever its configuration says about its place. */
static void open_staged(struct restore *restore)
{
	struct cli *cli = restore->cli;
	const struct upgrade upgrade = { .migrations = database_migrations, .target = DATABASE_SCHEMA_VERSION };
	struct config *config = arena_alloc(cli->arena, sizeof *config);
	const char *error = NULL, *folder = arena_format(cli->arena, "%s/database", restore->staging);
	const struct config *read = config_load(cli->arena, arena_format(cli->arena, "%s/latchkey.conf", restore->staging), &error);

	if (!read)
		cli_fail("The configuration of the backup cannot be used: %s. Nothing was changed.", error);
	*config = *read;
	config->directory = restore->staging;
	cli->config = config;
	if (database_upgrade(cli->arena, folder, &upgrade, on_failure, NULL, &error) < 0
		|| database_open(cli->arena, folder, NULL, NULL, on_failure, NULL, &cli->database, &error) != DATABASE_OPEN
		|| !database_is_sound(cli->database, &error))
		cli_fail("The database of the backup cannot be used: %s. Nothing was changed.", error);
}

static struct signed_out finish_database(struct restore *restore, const struct manifest *manifest)
{
	struct cli *cli = restore->cli;
	bool keep = cli_option(cli, "keep-sessions") != NULL;
	struct signed_out ended = { 0 };

	database_begin(cli->database, DATABASE_DURABLE);
	if (!keep)
		ended = sign_out_everything(cli->database, cli->now);
	cli_audit(cli, AUDIT_RESTORED, NULL, NULL, arena_format(cli->arena, "backup of %s, sessions %s",
		cli_time(cli->arena, manifest->created_at), keep ? "kept" : "ended"));
	database_commit(cli->database);
	publish_files(cli, NULL);
	database_empty_log(cli->database);
	database_release(cli->database, true);
	cli->database = NULL;
	return ended;
}

static bool is_same_file(const char *one, const char *other)
{
	struct stat first, second;

	return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static void report(struct restore *restore, const struct manifest *manifest, struct signed_out ended)
{
	struct cli *cli = restore->cli;
	struct buffer out = buffer_create(cli->arena, 512);
	const char *path = arena_format(cli->arena, "%s/latchkey.conf", restore->directory);

	if (!is_same_file(path, config_path()))
		cli_note("Programs read %s now: the configuration of the backup is %s.", config_path(), path);
	json_object_open(&out, NULL);
	json_text(&out, "directory", restore->directory);
	json_text(&out, "config", path);
	json_text(&out, "issuer", cli->config->issuer);
	json_number(&out, "backup_of", manifest->created_at);
	json_text(&out, "aside", restore->aside);
	json_number(&out, "sessions_ended", ended.sessions);
	json_number(&out, "grants_revoked", ended.grants);
	json_object_close(&out);
	if (cli->json) {
		cli_print(out.data);
		return;
	}
	printf("The installation of %s is back as of %s. Sessions ended: %" PRId64 ". Grants of applications revoked: %" PRId64 ".\n",
		cli->config->issuer, cli_time(cli->arena, manifest->created_at), ended.sessions, ended.grants);
	if (restore->aside)
		printf("What was there before is in %s.\n", restore->aside);
	printf("Its configuration is %s.\n", path);
}

void restore_run(struct cli *cli)
{
	struct restore restore = { .cli = cli };
	struct manifest manifest = { 0 };
	const char *directory = cli_option(cli, "directory"), *passphrase;
	struct signed_out ended;
	int file;

	if (!directory) {
		cli_config(cli);
		directory = cli->config->directory;
	}
	file = open_backup(cli);
	restore_look(&restore, directory);
	if (restore.occupied && !cli_option(cli, "force"))
		cli_fail("%s is not empty: --force replaces it, and keeps it under another name.", restore.directory);
	passphrase = input_passphrase(cli, false);
	read_backup(&restore, file, passphrase, NULL, &manifest);
	if (manifest.schema > DATABASE_SCHEMA_VERSION)
		cli_fail("The backup has schema version %lld, newer than the %d of this program: install the newer release. Nothing was changed.",
			(long long)manifest.schema, DATABASE_SCHEMA_VERSION);
	restore_stage(&restore);
	read_backup(&restore, file, passphrase, restore.staging, &manifest);
	restore_complete(&restore);
	open_staged(&restore);
	ended = finish_database(&restore, &manifest);
	restore_put_in_place(&restore);
	report(&restore, &manifest, ended);
}
