#include "commands/restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/crypto/random.h"

enum { CONFIGURATION_LONGEST = 65536, OPEN_FOLDERS = 16 };

/* Removed at the end of the program: an unfinished installation with its keys must not lie around. */
static char staged[PATH_MAX];

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

static void remove_staged(void)
{
	if (staged[0])
		nftw(staged, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

static bool is_empty(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool empty = true;

	if (!folder)
		cli_fail("%s cannot be read: %s.", path, strerror(errno));
	while (empty && (entry = readdir(folder)) != NULL)
		empty = text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..");
	closedir(folder);
	return empty;
}

void restore_look(struct restore *restore, const char *directory)
{
	struct arena *arena = restore->cli->arena;
	size_t length = strlen(directory);
	char resolved[PATH_MAX], *copy, *slash;
	struct stat status;

	restore->lock = -1;
	while (length > 1 && directory[length - 1] == '/')
		length--;
	copy = arena_copy(arena, directory, length);
	restore->exists = stat(copy, &status) == 0;
	if (!restore->exists && errno != ENOENT)
		cli_fail("%s cannot be looked at: %s.", copy, strerror(errno));
	if (restore->exists && !S_ISDIR(status.st_mode))
		cli_fail("%s is there, but it is no folder.", copy);
	if (restore->exists) {
		if (!realpath(copy, resolved))
			cli_fail("%s cannot be found: %s.", copy, strerror(errno));
		restore->directory = arena_text(arena, resolved);
		restore->lock = open(resolved, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (restore->lock < 0 || flock(restore->lock, LOCK_EX) != 0)
			cli_fail("%s cannot be locked: %s.", resolved, strerror(errno));
		restore->occupied = !is_empty(resolved);
		/* All of it is moved aside: a slip of the hand must not do that to another folder. */
		if (restore->occupied && access(arena_format(arena, "%s/latchkey.conf", resolved), F_OK) != 0
			&& access(arena_format(arena, "%s/database/latchkey.db", resolved), F_OK) != 0)
			cli_fail("%s is not empty, and no installation of Latchkey.", resolved);
		return;
	}
	slash = strrchr(copy, '/');
	if (slash)
		*slash = '\0';
	if (!realpath(!slash ? "." : slash == copy ? "/" : copy, resolved))
		cli_fail("The folder of %s cannot be found: %s.", directory, strerror(errno));
	restore->directory = arena_format(arena, "%s/%s", text_equal(resolved, "/") ? "" : resolved, slash ? slash + 1 : copy);
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0700) != 0)
		cli_fail("%s cannot be made: %s.", path, strerror(errno));
}

static char *inside(struct restore *restore, const char *name)
{
	return arena_format(restore->cli->arena, "%s/%s", restore->staging, name);
}

void restore_stage(struct restore *restore)
{
	static const char *const names[] = { "database", "keys", "keys/signing" };

	restore->staging = arena_format(restore->cli->arena, "%s.restoring-%s", restore->directory, random_hex(restore->cli->arena, 8));
	if (strlen(restore->staging) >= sizeof staged)
		cli_fail("%s is too long a name.", restore->directory);
	make_folder(restore->staging);
	snprintf(staged, sizeof staged, "%s", restore->staging);
	atexit(remove_staged);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		make_folder(inside(restore, names[i]));
}

/* `directory` of the machine that the backup was made on, where the installation lies somewhere else now. */
static const char *configuration_for(struct restore *restore, const char *text)
{
	struct arena *arena = restore->cli->arena;
	struct buffer out = buffer_create(arena, strlen(text) + 256);

	while (*text) {
		size_t length = strcspn(text, "\n"), word = strspn(text, " \t");
		const char *value = text + word + strlen("directory");
		bool names_folder = text_starts_with(text + word, "directory") && (value += strspn(value, " \t"), *value == '=');
		const char *line = arena_copy(arena, text, length);

		if (names_folder) {
			value += 1 + strspn(value + 1, " \t");
			size_t value_length = strcspn(value, " \t\r\n");

			if (strlen(restore->directory) != value_length || strncmp(value, restore->directory, value_length) != 0) {
				buffer_text(&out, "# The backup was made of another folder: ");
				cli_note("The configuration named another directory; that line is a comment now.");
			}
		}
		buffer_text(&out, line);
		buffer_char(&out, '\n');
		text += length + (text[length] == '\n');
	}
	return out.data;
}

static void fit_configuration(struct restore *restore)
{
	const char *path = inside(restore, "latchkey.conf"), *text;
	size_t length;
	int file;

	text = configuration_for(restore, input_read(restore->cli->arena, path, &length));
	length = strlen(text);
	file = open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0 || write(file, text, length) != (ssize_t)length || fchmod(file, 0640) != 0 || fsync(file) != 0)
		cli_fail("%s cannot be written: %s.", path, strerror(errno));
	close(file);
}

void restore_complete(struct restore *restore)
{
	const char *wake = inside(restore, "mail/wake");

	fit_configuration(restore);
	make_folder(inside(restore, "mail"));
	make_folder(inside(restore, "mail/sent"));
	/* The same FIFO as before: a deliver that watches it goes on. */
	if (restore->exists && link(arena_format(restore->cli->arena, "%s/mail/wake", restore->directory), wake) == 0)
		return;
	if (mkfifo(wake, 0600) != 0)
		cli_fail("%s cannot be made: %s.", wake, strerror(errno));
}

static uid_t owner_user;
static gid_t owner_group;
static bool give_away;

static int finish_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	int file;

	(void)walk;
	if (give_away && lchown(path, owner_user, owner_group) != 0)
		return -1;
	if (kind != FTW_F && kind != FTW_DP)
		return 0;
	if (!S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode))
		return 0;
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0 || (fsync(file) != 0 && errno != EINVAL))
		return -1;
	close(file);
	return 0;
}

static void sync_around(const char *directory)
{
	char around[PATH_MAX];
	int file;

	snprintf(around, sizeof around, "%s/..", directory);
	file = open(around, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file < 0 || (fsync(file) != 0 && errno != EINVAL))
		cli_fail("The folder of %s cannot be synced: %s.", directory, strerror(errno));
	close(file);
}

/* The old one gives way. Where a file system cannot exchange two names there is a moment without an installation. */
static bool replace(struct restore *restore)
{
	struct arena *arena = restore->cli->arena;
	struct tm now;
	time_t seconds = (time_t)restore->cli->now;
	char stamp[32];

	gmtime_r(&seconds, &now);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &now);
	restore->aside = arena_format(arena, "%s.before-restore-%s", restore->directory, stamp);
	if (access(restore->aside, F_OK) == 0)
		restore->aside = arena_format(arena, "%s-%s", restore->aside, random_hex(arena, 8));
	if (renameat2(AT_FDCWD, restore->staging, AT_FDCWD, restore->directory, RENAME_EXCHANGE) == 0) {
		staged[0] = '\0';
		if (rename(restore->staging, restore->aside) != 0)
			restore->aside = restore->staging;
		return true;
	}
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	if (rename(restore->directory, restore->aside) != 0)
		return false;
	if (rename(restore->staging, restore->directory) == 0) {
		staged[0] = '\0';
		return true;
	}
	int why = errno;
	if (rename(restore->aside, restore->directory) != 0)
		cli_note("The old installation is %s now: give it its name back.", restore->aside);
	errno = why;
	return false;
}

void restore_put_in_place(struct restore *restore)
{
	struct stat old = { 0 };

	if (restore->exists && fstat(restore->lock, &old) != 0)
		cli_fail("%s cannot be looked at: %s.", restore->directory, strerror(errno));
	owner_user = old.st_uid;
	owner_group = old.st_gid;
	give_away = restore->exists && geteuid() == 0;
	if (chmod(restore->staging, restore->exists ? old.st_mode & 07777 : 0750) != 0
		|| nftw(restore->staging, finish_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) != 0)
		cli_fail("%s cannot be finished: %s.", restore->staging, strerror(errno));
	if (restore->occupied) {
		if (!replace(restore))
			cli_fail("%s cannot be replaced: %s%s. It is as it was.", restore->directory, strerror(errno),
				errno == EBUSY ? " (it is a mount point: restore into a folder in it)" : "");
	} else {
		/* An empty folder gives way to it. */
		if (rename(restore->staging, restore->directory) != 0)
			cli_fail("%s cannot be put in place: %s.", restore->directory, strerror(errno));
		staged[0] = '\0';
	}
	sync_around(restore->directory);
}
