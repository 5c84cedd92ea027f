/* Where a request comes from and its answer goes to: the descriptors of a CGI program, or a FastCGI connection. */
#ifndef LATCHKEY_HTTP_CHANNEL_H
#define LATCHKEY_HTTP_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct channel {
	char *const *environment; /* "NAME=value", ended by NULL: RFC 3875 4.1 */

	/* At most `length` bytes of the body; 0 at its end, or where nothing comes within wait_ms (-1: no matter how long). */
	size_t (*read)(const struct channel *channel, char *bytes, size_t length, int wait_ms);

	/* Writes all of it. False if the other end is gone. `parts` may be changed. */
	bool (*write)(const struct channel *channel, struct iovec *parts, int count);

	int in; /* descriptors; a FastCGI connection has its own idea of them */
	int out;
	void *connection;
};

/* A CGI program's: standard input and output, or others for tests. */
struct channel channel_of_descriptors(char *const *environment, int in, int out);

#endif
