/* A growing run of bytes in an arena, always NUL-terminated: what answers and JSON are written into. */
#ifndef LATCHKEY_BASE_BUFFER_H
#define LATCHKEY_BASE_BUFFER_H

#include "lib/base/arena.h"

struct buffer {
	struct arena *arena;
	char *data; /* length bytes and a NUL */
	size_t length;
	size_t capacity;
};

/* An empty buffer with room for `capacity` bytes before it grows. */
struct buffer buffer_create(struct arena *arena, size_t capacity);

void buffer_bytes(struct buffer *buffer, const void *bytes, size_t length);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_char(struct buffer *buffer, char character);
void buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
