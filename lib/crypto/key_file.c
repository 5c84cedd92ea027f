#include "lib/crypto/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file_io.h"
#include "lib/crypto/random.h"

static bool explain(struct arena *arena, const char **error, const char *path, const char *what)
{
	*error = arena_format(arena, "%s: %s", path, what);
	return false;
}

unsigned char *key_file_read(struct arena *arena, const char *path, size_t longest, size_t *length, const char **error)
{
	unsigned char *bytes = NULL;
	struct stat status;
	/* O_NONBLOCK: a FIFO of that name must not hang us before it is refused. */
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*length = 0;
	if (file < 0) {
		explain(arena, error, path, strerror(errno));
		return NULL;
	}
	if (fstat(file, &status) != 0)
		explain(arena, error, path, strerror(errno));
	else if (!S_ISREG(status.st_mode))
		explain(arena, error, path, "not a regular file");
	else if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		explain(arena, error, path, "others than its owner have access: chmod 600 it");
	else if (status.st_size < 0 || (uintmax_t)status.st_size > longest)
		explain(arena, error, path, "too large for a key");
	else {
		*length = (size_t)status.st_size;
		bytes = arena_alloc(arena, *length + 1);
		if (file_read_all(file, bytes, *length) != (ssize_t)*length) {
			explain(arena, error, path, "cannot be read to its end");
			bytes = NULL;
		}
	}
	close(file);
	return bytes;
}

static bool write_synced(const char *path, const struct octets *parts, size_t count)
{
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool good = file >= 0 && fchmod(file, 0600) == 0;

	for (size_t i = 0; good && i < count; i++)
		good = file_write_all(file, parts[i].bytes, parts[i].length);
	good = good && fsync(file) == 0;
	if (file >= 0) {
		int why = errno;

		if (close(file) != 0 && good)
			return false;
		errno = why;
	}
	return good;
}

static bool put_in_place(const char *from, const char *path, enum key_file_existing existing)
{
	if (existing == KEY_FILE_REPLACE)
		return rename(from, path) == 0;
	if (renameat2(AT_FDCWD, from, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return true;
	/* Some file systems do not know RENAME_NOREPLACE; link() does not replace either. */
	if ((errno == EINVAL || errno == ENOSYS) && link(from, path) == 0)
		return unlink(from) == 0;
	return false;
}

/* Without this a power cut could take the new name away again. */
static bool sync_folder(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash == NULL ? "." : slash == path ? "/" : arena_copy(arena, path, (size_t)(slash - path));
	int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = file >= 0 && (fsync(file) == 0 || errno == EINVAL); /* EINVAL: a file system that has nothing to sync */

	if (file >= 0)
		close(file);
	return good;
}

bool key_file_write(struct arena *arena, const char *path, const struct octets *parts, size_t count,
	enum key_file_existing existing, const char **error)
{
	const char *temporary = arena_format(arena, "%s.%s.new", path, random_hex(arena, 16));
	bool good;

	if (existing == KEY_FILE_KEEP && access(path, F_OK) == 0)
		return true;
	good = write_synced(temporary, parts, count) && put_in_place(temporary, path, existing);
	if (!good) {
		int why = errno;

		unlink(temporary);
		if (existing == KEY_FILE_KEEP && why == EEXIST)
			return true;
		return explain(arena, error, path, strerror(why));
	}
	if (!sync_folder(arena, path))
		return explain(arena, error, path, "its folder cannot be synced");
	return true;
}
