#include "lib/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file_state.h"
#include "lib/base/utf8.h"

/* A write of this size to a pipe or a file opened for appending does not mix with another's. */
enum { LINE_LIMIT = 2048 };

static const char *const names[] = { "error", "warning", "info", "debug" }; /* of levels */

static const char *program_name = "latchkey";
static const char *request;
static enum log_level highest = LOG_INFO;
static int descriptor = STDERR_FILENO;
static const char *file_path;
static struct file_state file_then;

void log_start(const char *program)
{
	program_name = program;
}

void log_set_level(enum log_level level)
{
	highest = level;
}

void log_set_request(const char *request_id)
{
	request = request_id;
}

bool log_to_file(const char *path)
{
	if (!path) {
		if (descriptor != STDERR_FILENO)
			close(descriptor);
		descriptor = STDERR_FILENO;
		file_path = NULL;
		return true;
	}
	int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
	if (file < 0)
		return false;
	if (descriptor != STDERR_FILENO)
		close(descriptor);
	descriptor = file;
	file_path = path;
	file_state_of(file, &file_then);
	return true;
}

void log_configure(const char *path, const char *level)
{
	if (!log_to_file(path)) {
		log_to_file(NULL);
		log_write(LOG_WARNING, "cannot open %s", path);
	}
	for (int i = LOG_ERROR; i <= LOG_DEBUG; i++)
		if (strcmp(level, names[i]) == 0)
			log_set_level((enum log_level)i);
}

bool log_is_current(void)
{
	return !file_path || file_state_is_same_file(file_path, &file_then);
}

/* How many bytes at `text` may stand in the log as they are: one harmless character, or 0. */
static size_t harmless(const char *text)
{
	unsigned char lead = (unsigned char)text[0];
	size_t size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	char one[5] = { 0 };
	for (size_t i = 0; i < size && text[i]; i++)
		one[i] = text[i];
	return utf8_valid(one, size) && !utf8_has_controls(one) ? size : 0;
}

/* Appends the text so that it can neither begin a line nor command a terminal; cut where the line is full. */
static size_t append(char *line, size_t length, const char *text)
{
	while (*text) {
		size_t size = harmless(text);
		if (length + (size ? size : 4) > LINE_LIMIT - 5) {
			memcpy(line + length, "...", 3);
			return length + 3;
		}
		if (size) {
			memcpy(line + length, text, size);
			text += size;
			length += size;
		} else {
			length += (size_t)snprintf(line + length, 5, "\\x%02x", (unsigned)(unsigned char)*text);
			text++;
		}
	}
	return length;
}

void log_write(enum log_level level, const char *format, ...)
{
	if (level > highest)
		return;
	int saved = errno;
	char text[LINE_LIMIT];
	va_list list;
	va_start(list, format);
	int made = vsnprintf(text, sizeof text, format, list);
	va_end(list);

	char time[21];
	clock_format(clock_seconds(), time);
	char line[LINE_LIMIT];
	int start = snprintf(line, 256, "%s %.64s[%ld] %.64s %s: ", time, program_name, (long)getpid(),
		request ? request : "-", names[level]);
	size_t length = start > 0 && start < 256 ? (size_t)start : 0;
	length = append(line, length, made < 0 ? format : text);
	line[length++] = '\n';
	while (write(descriptor, line, length) < 0 && errno == EINTR)
		;
	errno = saved;
}
