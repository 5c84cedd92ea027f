#include "lib/base/file_io.h"

#include <errno.h>
#include <unistd.h>

ssize_t file_read_all(int file, void *bytes, size_t length)
{
	size_t have = 0;

	while (have < length) {
		ssize_t got = read(file, (char *)bytes + have, length - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

bool file_write_all(int file, const void *bytes, size_t length)
{
	while (length > 0) {
		ssize_t put = write(file, bytes, length);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		bytes = (const char *)bytes + put;
		length -= (size_t)put;
	}
	return true;
}
