#include "commands/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file_io.h"
#include "lib/base/text.h"

enum { ARCHIVE_VERSION = 1, NAME_LONGEST = 200, MANIFEST_LONGEST = 4096, PART = 65536 };

static const char manifest_name[] = "manifest";
static const char database_name[] = "database/latchkey.db";
static const char malformed[] = "its contents are not those of a backup";

static void put_number(unsigned char *out, int bytes, uint64_t number)
{
	for (int i = 0; i < bytes; i++)
		out[i] = (unsigned char)(number >> (8 * i));
}

static uint64_t number_at(const unsigned char *in, int bytes)
{
	uint64_t number = 0;

	for (int i = bytes - 1; i >= 0; i--)
		number = number << 8 | in[i];
	return number;
}

static bool put_head(struct sealed_stream *stream, const char *name, uint64_t length)
{
	unsigned char numbers[10];

	put_number(numbers, 2, strlen(name));
	put_number(numbers + 2, 8, length);
	return sealed_stream_write(stream, numbers, 2) && sealed_stream_write(stream, name, strlen(name))
		&& sealed_stream_write(stream, numbers + 2, 8);
}

bool archive_put(struct sealed_stream *stream, const char *name, const void *bytes, size_t length)
{
	return put_head(stream, name, length) && sealed_stream_write(stream, bytes, length);
}

bool archive_put_manifest(struct cli *cli, struct sealed_stream *stream, const struct manifest *manifest)
{
	const char *text = arena_format(cli->arena, "version %d\nschema %lld\ncreated %lld\nissuer %s\n", ARCHIVE_VERSION,
		(long long)manifest->schema, (long long)manifest->created_at, manifest->issuer);

	return archive_put(stream, manifest_name, text, strlen(text));
}

bool archive_put_file(struct sealed_stream *stream, const char *name, int file)
{
	unsigned char part[PART];
	struct stat status;
	off_t left;

	if (fstat(file, &status) != 0 || lseek(file, 0, SEEK_SET) != 0 || !put_head(stream, name, (uint64_t)status.st_size))
		return false;
	for (left = status.st_size; left > 0;) {
		ssize_t got = read(file, part, left < PART ? (size_t)left : PART);

		if (got < 0 && errno == EINTR)
			continue;
		errno = got == 0 ? EIO : errno;
		if (got <= 0 || !sealed_stream_write(stream, part, (size_t)got))
			return false;
		left -= got;
	}
	explicit_bzero(part, sizeof part);
	return true;
}

bool archive_put_end(struct sealed_stream *stream)
{
	static const unsigned char none[2];

	return sealed_stream_write(stream, none, sizeof none) && sealed_stream_finish(stream);
}

/* Whoever knows the passphrase may have made it, and still writes nowhere else. */
static bool is_plain_name(const char *name)
{
	if (*name == '\0' || *name == '.')
		return false;
	for (; *name; name++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *name))
			return false;
	return true;
}

static bool is_expected(const char *name)
{
	if (text_equal(name, "latchkey.conf") || text_equal(name, database_name))
		return true;
	if (text_starts_with(name, "keys/signing/"))
		return is_plain_name(name + strlen("keys/signing/"));
	return text_starts_with(name, "keys/") && is_plain_name(name + strlen("keys/")) && !text_equal(name, "keys/signing");
}

struct reading {
	struct cli *cli;
	struct sealed_stream *stream;
	const char *folder;
	const char *error;
};

/* A word and a value on each line, in this order. */
static bool read_manifest(struct reading *reading, size_t length, struct manifest *manifest)
{
	static const char *const words[] = { "version ", "schema ", "created ", "issuer " };
	const char *values[4];
	char *text, *end;
	int64_t version;

	if (length > MANIFEST_LONGEST) {
		reading->error = malformed;
		return false;
	}
	text = arena_alloc(reading->cli->arena, length + 1);
	if (!sealed_stream_read(reading->stream, text, length, &reading->error))
		return false;
	for (size_t i = 0; i < 4; i++) {
		end = strchr(text, '\n');
		if (!end || !text_starts_with(text, words[i])) {
			reading->error = malformed;
			return false;
		}
		*end = '\0';
		values[i] = text + strlen(words[i]);
		text = end + 1;
	}
	if (!text_to_number(values[0], &version) || !text_to_number(values[1], &manifest->schema)
		|| !text_to_number(values[2], &manifest->created_at))
		reading->error = malformed;
	else if (version != ARCHIVE_VERSION)
		reading->error = "it was made by another version of Latchkey";
	manifest->issuer = values[3];
	return reading->error == NULL;
}

static void read_content(struct reading *reading, const char *name, uint64_t length)
{
	const char *path = reading->folder ? arena_format(reading->cli->arena, "%s/%s", reading->folder, name) : NULL;
	int file = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
	unsigned char part[PART];
	bool written = !path || file >= 0;

	while (length > 0 && written && !reading->error) {
		size_t some = length < PART ? (size_t)length : PART;

		if (sealed_stream_read(reading->stream, part, some, &reading->error) && path)
			written = file_write_all(file, part, some);
		length -= some;
	}
	explicit_bzero(part, sizeof part);
	written = written && (!path || reading->error || fsync(file) == 0);
	if (!written && !reading->error)
		reading->error = arena_format(reading->cli->arena, "%s: %s", path, strerror(errno));
	if (file >= 0)
		close(file);
}

static bool read_head(struct reading *reading, char name[NAME_LONGEST + 1], uint64_t *length)
{
	unsigned char number[8];
	size_t name_length;

	if (!sealed_stream_read(reading->stream, number, 2, &reading->error))
		return false;
	name_length = (size_t)number_at(number, 2);
	name[0] = '\0';
	if (name_length == 0)
		return true;
	if (name_length > NAME_LONGEST) {
		reading->error = malformed;
		return false;
	}
	if (!sealed_stream_read(reading->stream, name, name_length, &reading->error)
		|| !sealed_stream_read(reading->stream, number, 8, &reading->error))
		return false;
	name[name_length] = '\0';
	*length = number_at(number, 8);
	if (strlen(name) == name_length && *length <= INT64_MAX)
		return true;
	reading->error = malformed;
	return false;
}

static void read_entries(struct reading *reading, struct manifest *manifest)
{
	char name[NAME_LONGEST + 1];
	bool has_configuration = false, has_database = false;
	uint64_t length;

	if (!read_head(reading, name, &length))
		return;
	if (!text_equal(name, manifest_name)) {
		reading->error = malformed;
		return;
	}
	if (!read_manifest(reading, length, manifest))
		return;
	while (read_head(reading, name, &length) && name[0]) {
		if (!is_expected(name))
			reading->error = malformed;
		else
			read_content(reading, name, length);
		if (reading->error)
			return;
		has_configuration = has_configuration || text_equal(name, "latchkey.conf");
		has_database = has_database || text_equal(name, database_name);
	}
	if (!reading->error && (!has_configuration || !has_database))
		reading->error = malformed;
}

const char *archive_read(struct cli *cli, int file, const char *passphrase, const char *folder, struct manifest *manifest)
{
	struct reading reading = { .cli = cli, .folder = folder };

	reading.stream = sealed_stream_open(cli->arena, file, passphrase, &reading.error);
	if (!reading.stream)
		return reading.error;
	reading.error = NULL;
	read_entries(&reading, manifest);
	if (!reading.error)
		sealed_stream_ended(reading.stream, &reading.error);
	return reading.error;
}
