/*
 * For LD_PRELOAD: keeps a journal of what a program does to the files of one folder, and of when it answers.
 * RECORD_FOLDER: the folder; RECORD_JOURNAL: the file that records are appended to; RECORD_TAG: a number for the answers.
 *
 * A record: the length of what follows it (32 bits), a letter, the length of the name (8 bits), the tag (32), the offset
 * (64), the name, the data. Letters: w write, t truncate, s sync begun, S sync done, c created, u unlinked, a answer.
 * All programs append to one file, each record by one write(), so the order is that of the journal. It is never too kind:
 * a write is recorded when it is done, so a sync that began before that does not count for it; an answer is recorded
 * before it is sent. Shared memory is not recorded: no power cut leaves any of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { DATA_MOST = 131072, HEAD = 18 };

static char folder[PATH_MAX], journal[PATH_MAX];
static uint32_t tag;

static void __attribute__((constructor)) prepare(void)
{
	const char *texts[] = { getenv("RECORD_FOLDER"), getenv("RECORD_JOURNAL"), getenv("RECORD_TAG") };

	if (!texts[0] || !texts[1] || !realpath(texts[0], folder))
		_exit(97);
	snprintf(journal, sizeof journal, "%s", texts[1]);
	tag = texts[2] ? (uint32_t)strtoul(texts[2], NULL, 10) : 0;
}

/* The name inside the folder ("" is the folder itself); NULL: not of interest. */
static const char *name_in_folder(const char *path)
{
	size_t length = strlen(folder);

	if (strncmp(path, folder, length) != 0 || (path[length] != '/' && path[length] != '\0'))
		return NULL;
	const char *name = path[length] ? path + length + 1 : "";
	size_t end = strlen(name);
	bool ignored = strcmp(name, "latchkey.lock") == 0 || (end > 4 && strcmp(name + end - 4, "-shm") == 0);
	return ignored || strchr(name, '/') ? NULL : name;
}

static const char *name_of(int fd, char path[PATH_MAX])
{
	char link[40];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, PATH_MAX - 1);
	if (length < 0)
		return NULL;
	path[length] = '\0';
	return name_in_folder(path);
}

static void record(char letter, const char *name, uint64_t offset, const void *data, size_t length)
{
	static char bytes[HEAD + 256 + DATA_MOST];
	int before = errno;
	size_t name_length = strlen(name), all = HEAD + name_length + length;
	uint32_t rest = (uint32_t)(all - 4);

	if (name_length > 255 || length > DATA_MOST)
		_exit(98);
	memcpy(bytes, &rest, 4);
	bytes[4] = letter;
	bytes[5] = (char)name_length;
	memcpy(bytes + 6, &tag, 4);
	memcpy(bytes + 10, &offset, 8);
	memcpy(bytes + HEAD, name, name_length);
	if (length > 0)
		memcpy(bytes + HEAD + name_length, data, length);
	/* Opened each time: the program closes what it does not know. */
	long file = syscall(SYS_openat, AT_FDCWD, journal, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
	if (file < 0 || syscall(SYS_write, file, bytes, all) != (long)all)
		_exit(99);
	syscall(SYS_close, file);
	errno = before;
}

ssize_t write(int fd, const void *data, size_t length)
{
	if (fd == STDOUT_FILENO)
		record('a', "", 0, NULL, 0);
	return syscall(SYS_write, fd, data, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	if (fd == STDOUT_FILENO)
		record('a', "", 0, NULL, 0);
	return syscall(SYS_writev, fd, parts, count);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset)
{
	char path[PATH_MAX];
	const char *name = name_of(fd, path);
	ssize_t written = syscall(SYS_pwrite64, fd, data, length, offset);

	if (name && written > 0)
		record('w', name, (uint64_t)offset, data, (size_t)written);
	return written;
}

int ftruncate64(int fd, off64_t length)
{
	char path[PATH_MAX];
	const char *name = name_of(fd, path);
	int result = (int)syscall(SYS_ftruncate, fd, length);

	if (name && result == 0)
		record('t', name, (uint64_t)length, NULL, 0);
	return result;
}

static int sync_file(long call, int fd)
{
	char path[PATH_MAX];
	const char *name = name_of(fd, path);

	if (name)
		record('s', name, 0, NULL, 0);
	int result = (int)syscall(call, fd);
	if (name && result == 0)
		record('S', name, 0, NULL, 0);
	return result;
}

int fsync(int fd)
{
	return sync_file(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return sync_file(SYS_fdatasync, fd);
}

int unlink(const char *path)
{
	const char *name = name_in_folder(path);
	int result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);

	if (name && result == 0)
		record('u', name, 0, NULL, 0);
	return result;
}

int open64(const char *path, int flags, ...)
{
	const char *name = name_in_folder(path);
	bool is_new = name && (flags & O_CREAT) && faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) != 0;
	va_list more;

	va_start(more, flags);
	int file = (int)syscall(SYS_openat, AT_FDCWD, path, flags, (flags & O_CREAT) ? va_arg(more, mode_t) : 0);
	va_end(more);
	if (is_new && file >= 0)
		record('c', name, 0, NULL, 0);
	return file;
}

/* Not expected of any program: better no answer than a journal with a hole. */
int rename(const char *from, const char *to)
{
	if (name_in_folder(from) || name_in_folder(to))
		_exit(96);
	return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}
