/*
 * latchkey backup: configuration, database and keys in one file under a passphrase, while the server runs. Format:
 * archive.h. The database is as of one moment; keys are read after it, since a key's file is made before its row.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/archive.h"
#include "commands/commands.h"
#include "commands/keys_make.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/crypto/random.h"
#include "lib/database/backup.h"
#include "lib/records/audit_store.h"
#include "lib/records/signing_key_store.h"

enum { KEY_FILE_LONGEST = 65536 };

const struct command_option backup_options[] = {
	{ "passphrase-stdin", OPTION_FLAG, NULL, "Take the first line of standard input as the passphrase." },
	{ "passphrase-file", OPTION_VALUE, "FILE", "Take the first line of a file, which nobody else may read." },
	{ 0 },
};

struct backup {
	struct cli *cli;
	const char *path;   /* NULL: standard output */
	const char *folder; /* of path */
	const char *beside; /* under which name it is written; NULL: it has none until it is whole */
	int file;
	struct sealed_stream *stream;
	int keys;
};

static _Noreturn void give_up(struct backup *backup, const char *what, const char *why)
{
	if (backup->beside)
		unlink(backup->beside);
	cli_fail("%s: %s. No backup was made.", what, why);
}

static const char *folder_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return !slash ? "." : slash == path ? "/" : arena_copy(arena, path, (size_t)(slash - path));
}

/* A name stands for something whole only: the file gets its own at the end. */
static void open_output(struct backup *backup)
{
	struct stat status;

	if (!backup->path) {
		backup->file = STDOUT_FILENO;
		if (isatty(STDOUT_FILENO))
			cli_fail("Standard output is a terminal: send it to a file (> FILE), or name a file.");
		return;
	}
	if (lstat(backup->path, &status) == 0 && !S_ISREG(status.st_mode))
		cli_fail("%s is there, but it is no file.", backup->path);
	backup->folder = folder_of(backup->cli->arena, backup->path);
	backup->file = open(backup->folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (backup->file < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL)) {
		backup->beside = arena_format(backup->cli->arena, "%s.%s.new", backup->path, random_hex(backup->cli->arena, 16));
		backup->file = open(backup->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	}
	if (backup->file < 0)
		cli_fail("%s cannot be written: %s.", backup->path, strerror(errno));
}

static void put_in_place(struct backup *backup)
{
	struct arena *arena = backup->cli->arena;
	int folder;

	if (!backup->path)
		return;
	if (fchmod(backup->file, 0600) != 0 || fsync(backup->file) != 0)
		give_up(backup, backup->path, strerror(errno));
	if (!backup->beside) {
		const char *beside = arena_format(arena, "%s.%s.new", backup->path, random_hex(arena, 16));

		if (linkat(AT_FDCWD, arena_format(arena, "/proc/self/fd/%d", backup->file), AT_FDCWD, beside, AT_SYMLINK_FOLLOW) != 0)
			give_up(backup, backup->path, strerror(errno));
		backup->beside = beside;
	}
	if (rename(backup->beside, backup->path) != 0)
		give_up(backup, backup->path, strerror(errno));
	folder = open(backup->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || (fsync(folder) != 0 && errno != EINVAL))
		cli_fail("%s was written, but its folder cannot be synced: %s.", backup->path, strerror(errno));
	close(folder);
}

static void put_named(struct backup *backup, const char *name, const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;

	if (file < 0 || fstat(file, &status) != 0)
		give_up(backup, path, strerror(errno));
	if (!S_ISREG(status.st_mode) || status.st_size > KEY_FILE_LONGEST)
		give_up(backup, path, "it is no file, or too large");
	if (!archive_put_file(backup->stream, name, file))
		give_up(backup, path, strerror(errno));
	close(file);
}

/* All files of keys/ or keys/signing/; what `gc` takes away at this moment was needed by nobody. */
static void put_keys(struct backup *backup, const char *name)
{
	struct arena *arena = backup->cli->arena;
	const char *path = config_file(arena, backup->cli->config, name);
	DIR *folder = opendir(path);
	struct dirent *entry;
	struct stat status;

	if (!folder)
		give_up(backup, path, strerror(errno));
	while ((entry = readdir(folder)) != NULL) {
		const char *file = arena_format(arena, "%s/%s", path, entry->d_name);

		if (!text_ends_with(entry->d_name, ".key") || lstat(file, &status) != 0 || !S_ISREG(status.st_mode))
			continue;
		put_named(backup, arena_format(arena, "%s/%s", name, entry->d_name), file);
		backup->keys++;
	}
	closedir(folder);
}

static void require_key_file(void *context, const struct signing_key_record *key)
{
	struct backup *backup = context;
	const char *path = key_path(backup->cli, key->kid);

	if (!text_equal(key->state, "retired") && access(path, R_OK) != 0)
		give_up(backup, path, strerror(errno));
}

static void put_all(struct backup *backup)
{
	struct cli *cli = backup->cli;
	const struct manifest manifest = { DATABASE_SCHEMA_VERSION, cli->now, cli->config->issuer };
	const char *error = NULL;
	int copy = database_copy_unnamed(cli->database, &error);

	if (copy < 0)
		give_up(backup, "The database", error);
	if (!archive_put_manifest(cli, backup->stream, &manifest)
		|| !archive_put_file(backup->stream, "database/latchkey.db", copy))
		give_up(backup, backup->path ? backup->path : "Standard output", strerror(errno));
	close(copy);
	signing_key_list(cli->database, cli->now, require_key_file, backup);
	put_keys(backup, "keys");
	put_keys(backup, "keys/signing");
	put_named(backup, "latchkey.conf", cli->config->path);
	if (!archive_put_end(backup->stream))
		give_up(backup, backup->path ? backup->path : "Standard output", strerror(errno));
}

static void report(struct backup *backup)
{
	struct cli *cli = backup->cli;
	struct buffer out = buffer_create(cli->arena, 256);
	struct stat status;

	if (!backup->path) {
		cli_note("The backup is whole. It opens with its passphrase alone.");
		return;
	}
	json_object_open(&out, NULL);
	json_text(&out, "file", backup->path);
	json_number(&out, "bytes", fstat(backup->file, &status) == 0 ? status.st_size : 0);
	json_number(&out, "keys", backup->keys);
	json_number(&out, "schema", DATABASE_SCHEMA_VERSION);
	json_object_close(&out);
	if (cli->json)
		cli_print(out.data);
	else
		printf("The backup was written to %s. It opens with its passphrase alone: keep that somewhere else.\n", backup->path);
}

void backup_run(struct cli *cli)
{
	struct backup backup = { .cli = cli, .path = text_equal(cli->argument, "-") ? NULL : cli->argument };
	const char *error = NULL, *passphrase;

	if (!backup.path && cli->json)
		cli_usage(cli->command, "Standard output is the backup itself: there is no place for --json.");
	cli_database(cli);
	open_output(&backup);
	passphrase = input_passphrase(cli, true);
	backup.stream = sealed_stream_create(cli->arena, backup.file, passphrase, &error);
	if (!backup.stream)
		give_up(&backup, backup.path ? backup.path : "Standard output", error);
	put_all(&backup);
	put_in_place(&backup);
	database_begin(cli->database, DATABASE_DURABLE);
	cli_audit(cli, AUDIT_BACKED_UP, NULL, NULL, NULL);
	database_commit(cli->database);
	report(&backup);
}
