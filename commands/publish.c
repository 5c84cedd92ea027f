/* latchkey publish: the well-known documents as files. */
#include "commands/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/commands.h"
#include "lib/base/clock.h"
#include "lib/base/json_write.h"
#include "lib/protocol/jwks.h"
#include "lib/protocol/metadata.h"

static bool is_there(const char *path, const struct buffer *text)
{
	char have[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, have, sizeof have);
	if (fd >= 0)
		close(fd);
	return length >= 0 && (size_t)length == text->length && memcmp(have, text->data, text->length) == 0;
}

static bool write_new(struct cli *cli, const char *path, const char *folder, const struct buffer *text)
{
	char *beside = arena_format(cli->arena, "%s.%d", path, (int)getpid());
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	bool written = fd >= 0 && write(fd, text->data, text->length) == (ssize_t)text->length && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
	int kept = errno;
	if (fd >= 0)
		close(fd);
	if (written)
		cli_give_to_owner(cli->config->directory, beside);
	if (!written || rename(beside, path) != 0) {
		kept = written ? errno : kept;
		unlink(beside);
		errno = kept;
		return false;
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return synced;
}

int publish_files(struct cli *cli, const char *paths[PUBLISHED_FILES])
{
	static const char *const names[PUBLISHED_FILES] = { "openid-configuration", "jwks.json" };
	struct buffer texts[PUBLISHED_FILES] = { buffer_create(cli->arena, 2048), buffer_create(cli->arena, 2048) };
	const char *folder = config_file(cli->arena, cli->config, "well-known");
	int count = 0;

	if (mkdir(folder, 0755) == 0) {
		if (chmod(folder, 0755) != 0)
			cli_fail("The mode of %s cannot be set: %s.", folder, strerror(errno));
		cli_give_to_owner(cli->config->directory, folder);
	}
	metadata_write(&texts[0], cli->config);
	jwks_write(&texts[1], cli->database, clock_seconds());
	for (int i = 0; i < PUBLISHED_FILES; i++) {
		char *path = arena_format(cli->arena, "%s/%s", folder, names[i]);
		if (is_there(path, &texts[i]))
			continue;
		if (!write_new(cli, path, folder, &texts[i]))
			cli_fail("%s cannot be written: %s.", path, strerror(errno));
		if (paths)
			paths[count] = path;
		count++;
	}
	return count;
}

void publish_run(struct cli *cli)
{
	const char *paths[PUBLISHED_FILES];
	struct buffer out = buffer_create(cli->arena, 256);

	cli_database(cli);
	int count = publish_files(cli, paths);
	json_object_open(&out, NULL);
	json_array_open(&out, "written");
	for (int i = 0; i < count; i++)
		json_text(&out, NULL, paths[i]);
	json_array_close(&out);
	json_object_close(&out);
	if (cli->json)
		cli_print(out.data);
	else
		printf(count ? "The well-known files were written.\n" : "The well-known files are as they should be.\n");
}
