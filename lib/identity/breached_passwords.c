#include "lib/identity/breached_passwords.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/crypto/sha1.h"

enum {
	HASH_DIGITS = 40,
	PREFIX_DIGITS = 5,
	LINE_LONGEST = 128,            /* with its end: a hash, a colon, a count */
	RANGE_LONGEST = 4 * 1024 * 1024, /* bytes of a folder's file; they have about 0.1 MiB */
};

/* A line without its end, at `start` of the file. */
struct line {
	off_t start;
	char text[LINE_LONGEST + 1];
};

static void hash_in_hex(const char *password, char *hex)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char hash[SHA1_BYTES];

	sha1(password, strlen(password), hash);
	for (int i = 0; i < SHA1_BYTES; i++) {
		hex[2 * i] = digits[hash[i] >> 4];
		hex[2 * i + 1] = digits[hash[i] & 15];
	}
	hex[HASH_DIGITS] = '\0';
}

/* Lists are padded with lines that count nothing. */
static bool counts(const char *after_digits)
{
	return *after_digits != ':' || strtoll(after_digits + 1, NULL, 10) > 0;
}

/* The first line that starts at `from` or later. 1: there is one; 0: none; -1: the file is no list. */
static int read_line(int fd, off_t from, struct line *line)
{
	char block[2 * LINE_LONGEST + 1];
	off_t before = from > 0 ? from - 1 : 0;
	ssize_t got;

	do
		got = pread(fd, block, sizeof block - 1, before);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	block[got] = '\0';
	const char *start = block;
	if (from > 0) {
		const char *end = memchr(block, '\n', (size_t)got);
		if (!end)
			return got < (ssize_t)LINE_LONGEST ? 0 : -1;
		start = end + 1;
	}
	size_t length = strcspn(start, "\r\n");
	if (length == 0)
		return 0;
	if (length >= LINE_LONGEST || strspn(start, "0123456789ABCDEFabcdef") != HASH_DIGITS)
		return errno = EBADMSG, -1;
	line->start = before + (start - block);
	memcpy(line->text, start, length);
	line->text[length] = '\0';
	return 1;
}

/* Lines in [low, high) are still to be looked at. 1, 0, -1: found, not there, no list. */
static int find_in_file(int fd, off_t size, const char *hash)
{
	off_t low = 0, high = size;

	errno = EBADMSG;
	while (low < high) {
		struct line line;
		off_t middle = low + (high - low) / 2;
		int read = read_line(fd, middle, &line);
		if (read < 0)
			return -1;
		int order = read == 0 || line.start >= high ? -1 : strncasecmp(hash, line.text, HASH_DIGITS);
		if (order == 0)
			return counts(line.text + HASH_DIGITS);
		if (order < 0)
			high = middle;
		else
			low = line.start + 1;
	}
	return 0;
}

static int find_in_range(int folder, const char *hash)
{
	char name[PREFIX_DIGITS + sizeof ".txt"], text[LINE_LONGEST];
	int found = 0;

	snprintf(name, sizeof name, "%.*s", PREFIX_DIGITS, hash);
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		snprintf(name, sizeof name, "%.*s.txt", PREFIX_DIGITS, hash);
		fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	}
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file)
		return -1;
	for (long bytes = 0; !found && bytes < RANGE_LONGEST && fgets(text, sizeof text, file); bytes += (long)strlen(text))
		found = strncasecmp(text, hash + PREFIX_DIGITS, HASH_DIGITS - PREFIX_DIGITS) == 0
			&& counts(text + HASH_DIGITS - PREFIX_DIGITS);
	if (!found && ferror(file))
		found = -1;
	fclose(file);
	return found;
}

bool breached_passwords_have(const char *path, const char *password)
{
	char hash[HASH_DIGITS + 1];
	struct stat status;
	int found = -1;

	if (!path)
		return false;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &status) == 0) {
		hash_in_hex(password, hash);
		found = S_ISDIR(status.st_mode) ? find_in_range(fd, hash) : find_in_file(fd, status.st_size, hash);
	}
	/* Nobody could choose a password any more if this refused: the other rules still hold. */
	if (found < 0)
		log_write(LOG_WARNING, "breached_passwords: %s cannot be used, so no password is looked up there: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return found > 0;
}
