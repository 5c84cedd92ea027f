/* Modes and owners. The endpoints' user is whom the installation's folder belongs to: what init and root's commands assume, too. */
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/doctor/doctor.h"
#include "lib/base/text.h"

enum { FILES_MOST = 20000, DEPTH_MOST = 4 };

struct walk {
	struct doctor *d;
	struct stat owner; /* the installation's folder */
	int left;
	void (*each)(struct walk *walk, const char *path, const struct stat *status);
};

static const char *user_name(struct doctor *d, uid_t user)
{
	const struct passwd *entry = getpwuid(user);

	return entry ? arena_text(d->arena, entry->pw_name) : arena_format(d->arena, "user %u", (unsigned)user);
}

static void visit(struct walk *walk, const char *path, int depth)
{
	struct stat status;
	struct dirent *entry;
	DIR *folder;

	if (lstat(path, &status) != 0 || walk->left-- <= 0)
		return; /* what is missing is another check's */
	walk->each(walk, path, &status);
	if (!S_ISDIR(status.st_mode) || depth == 0 || !(folder = opendir(path)))
		return;
	while ((entry = readdir(folder)))
		if (!text_equal(entry->d_name, ".") && !text_equal(entry->d_name, ".."))
			visit(walk, arena_format(walk->d->arena, "%s/%s", path, entry->d_name), depth - 1);
	closedir(folder);
}

static void walk_folders(struct doctor *d, const char *names, void (*each)(struct walk *, const char *, const struct stat *))
{
	struct walk walk = { .d = d, .left = FILES_MOST, .each = each };

	if (stat(d->config->directory, &walk.owner) != 0) {
		problem(d, "Correct `directory` in the configuration.", "%s: %s.", d->config->directory, strerror(errno));
		return;
	}
	for (const char *name; (name = words_next(d->arena, &names));)
		visit(&walk, config_file(d->arena, d->config, name), DEPTH_MOST);
}

void check_runner(struct doctor *d)
{
	struct stat status;

	if (geteuid() == 0)
		fine(d, "This runs as root and sees everything.");
	else if (stat(d->config->directory, &status) == 0 && status.st_uid == geteuid())
		fine(d, "This runs as %s, to whom the installation belongs.", user_name(d, geteuid()));
	else
		advise(d, "Run `latchkey doctor` as root or as the user of the endpoints.", "This runs as %s, who may not see everything.",
			user_name(d, geteuid()));
}

static void look_at_mode(struct walk *walk, const char *path, const struct stat *status)
{
	if (!S_ISLNK(status->st_mode) && (status->st_mode & 077) != 0)
		problem(walk->d, arena_format(walk->d->arena, "`chmod go-rwx %s`", path),
			"%s has mode %04o: other users of this machine can use it.",
			path, (unsigned)status->st_mode & 07777u);
}

static void look_at_public_mode(struct walk *walk, const char *path, const struct stat *status)
{
	mode_t needed = S_ISDIR(status->st_mode) ? 0055 : 0044;

	if ((status->st_mode & 022) != 0)
		problem(walk->d, arena_format(walk->d->arena, "`chmod go-w %s`", path),
			"%s has mode %04o: others can change what clients believe.",
			path, (unsigned)status->st_mode & 07777u);
	else if ((status->st_mode & needed) != needed && status->st_uid != 0)
		advise(walk->d, arena_format(walk->d->arena, "`chmod go+rX %s`", path),
			"%s has mode %04o: a web server of another user cannot serve it.",
			path, (unsigned)status->st_mode & 07777u);
}

static void look_at_closed_file(struct doctor *d, const char *path, mode_t forbidden, const char *fix, const char *why)
{
	struct stat status;

	if (path && stat(path, &status) == 0 && (status.st_mode & forbidden) != 0)
		problem(d, arena_format(d->arena, "`chmod %s %s`", fix, path), "%s has mode %04o: %s.", path, (unsigned)status.st_mode & 07777u,
			why);
}

void check_modes(struct doctor *d)
{
	walk_folders(d, "database keys mail", look_at_mode);
	walk_folders(d, "well-known", look_at_public_mode);
	look_at_closed_file(d, d->config->directory, 022, "go-w", "others can put their own folders there");
	look_at_closed_file(d, d->config->path, 022, "go-w", "others can change it");
	look_at_closed_file(d, d->config->mail_smtp_password_file, 077, "go-rwx", "others can read the password");
	fine(d, "Database, keys and mails are closed to others.");
}

static void look_at_owner(struct walk *walk, const char *path, const struct stat *status)
{
	if (status->st_uid != walk->owner.st_uid)
		problem(walk->d, arena_format(walk->d->arena, "`chown -R %u:%u %s`", (unsigned)walk->owner.st_uid, (unsigned)walk->owner.st_gid,
			walk->d->config->directory), "%s belongs to %s, but the installation to %s: endpoints cannot use it.", path,
			user_name(walk->d, status->st_uid), user_name(walk->d, walk->owner.st_uid));
}

/* Debian's way for configurations: root's, and readable by the group. */
static void look_at_config_owner(struct walk *walk, const char *path, const struct stat *status)
{
	bool reads = status->st_uid == walk->owner.st_uid || (status->st_mode & 04) != 0
		|| (status->st_gid == walk->owner.st_gid && (status->st_mode & 040) != 0) || walk->owner.st_uid == 0;

	if (!reads)
		problem(walk->d, arena_format(walk->d->arena, "`chgrp %u %s && chmod g+r %s`", (unsigned)walk->owner.st_gid, path, path),
			"%s belongs to %s and %s cannot read it.", path, user_name(walk->d, status->st_uid), user_name(walk->d,
				walk->owner.st_uid));
}

void check_owners(struct doctor *d)
{
	struct walk walk = { .d = d };
	struct stat config;

	walk_folders(d, "database keys mail well-known", look_at_owner);
	if (stat(d->config->directory, &walk.owner) != 0)
		return;
	if (stat(d->config->path, &config) == 0)
		look_at_config_owner(&walk, d->config->path, &config);
	if (walk.owner.st_uid == 0 && !is_local(d->config))
		advise(d, arena_format(d->arena, "Run the endpoints as a user of their own: `chown -R latchkey: %s`, and the web server likewise.",
			d->config->directory), "Everything belongs to root, so the endpoints must run as root.");
	fine(d, "Everything belongs to %s.", user_name(d, walk.owner.st_uid));
}

void check_log(struct doctor *d)
{
	const char *path = d->config->log_file;
	struct stat status, owner;

	if (!path) {
		fine(d, "The log goes to standard error, which the web server keeps.");
		return;
	}
	if (stat(path, &status) != 0) {
		char *folder = arena_copy(d->arena, path, (size_t)(strrchr(path, '/') - path));

		if (errno != ENOENT || (*folder && stat(folder, &status) != 0))
			problem(d, arena_format(d->arena, "Make the folder: `install -d -o %s %s`.", "USER", folder), "%s cannot be written: %s.",
				path, strerror(errno));
		else
			fine(d, "%s is not there yet.", path);
		return;
	}
	if (stat(d->config->directory, &owner) == 0 && status.st_uid != owner.st_uid)
		problem(d, arena_format(d->arena, "`chown %u:%u %s`; what writes there next must be the endpoints.", (unsigned)owner.st_uid,
			(unsigned)owner.st_gid, path), "%s belongs to %s, but the installation to %s: the endpoints run as another user, or "
				"cannot log.",
			path, user_name(d, status.st_uid), user_name(d, owner.st_uid));
	else if ((status.st_mode & 0222) == 0)
		problem(d, arena_format(d->arena, "`chmod u+w %s`", path), "%s is read-only.", path);
	else if ((status.st_mode & 07) != 0)
		advise(d, arena_format(d->arena, "`chmod o-rwx %s`", path), "Everybody on this machine can read %s: who signed in, and from "
			"where.", path);
	else
		fine(d, "%s can be written.", path);
}
