#include "lib/http/channel.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

static size_t read_descriptor(const struct channel *channel, char *bytes, size_t length, int wait_ms)
{
	struct pollfd ready = { .fd = channel->in, .events = POLLIN };
	int events = 1;
	ssize_t got;

	if (wait_ms >= 0)
		while ((events = poll(&ready, 1, wait_ms)) < 0 && errno == EINTR)
			;
	if (events <= 0)
		return 0;
	do
		got = read(channel->in, bytes, length);
	while (got < 0 && errno == EINTR);
	return got > 0 ? (size_t)got : 0;
}

static bool write_descriptor(const struct channel *channel, struct iovec *parts, int count)
{
	while (count > 0) {
		ssize_t written = writev(channel->out, parts, count);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		size_t done = (size_t)written;
		while (count > 0 && done >= parts->iov_len) {
			done -= parts->iov_len;
			parts++;
			count--;
		}
		if (count > 0) {
			parts->iov_base = (char *)parts->iov_base + done;
			parts->iov_len -= done;
		}
	}
	return true;
}

struct channel channel_of_descriptors(char *const *environment, int in, int out)
{
	return (struct channel){ .environment = environment, .read = read_descriptor, .write = write_descriptor, .in = in, .out = out };
}
