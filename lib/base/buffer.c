#include "lib/base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct buffer buffer_create(struct arena *arena, size_t capacity)
{
	struct buffer buffer = { .arena = arena, .capacity = capacity };
	buffer.data = arena_alloc(arena, capacity < SIZE_MAX ? capacity + 1 : capacity);
	return buffer;
}

/* Room for `more` bytes and a NUL. A size that cannot be is more than any arena's limit. */
static void buffer_reserve(struct buffer *buffer, size_t more)
{
	if (more <= buffer->capacity - buffer->length)
		return;
	size_t need = more < SIZE_MAX / 4 - buffer->length ? buffer->length + more : SIZE_MAX / 2;
	size_t capacity = buffer->capacity < need / 2 ? need : buffer->capacity * 2;
	if (capacity < need)
		capacity = need;
	char *data = arena_alloc(buffer->arena, capacity + 1);
	memcpy(data, buffer->data, buffer->length);
	buffer->data = data;
	buffer->capacity = capacity;
}

void buffer_bytes(struct buffer *buffer, const void *bytes, size_t length)
{
	if (length == 0)
		return;
	buffer_reserve(buffer, length);
	memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void buffer_text(struct buffer *buffer, const char *text)
{
	buffer_bytes(buffer, text, strlen(text));
}

void buffer_char(struct buffer *buffer, char character)
{
	buffer_bytes(buffer, &character, 1);
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	if (length <= 0)
		return;
	buffer_reserve(buffer, (size_t)length);
	va_start(list, format);
	vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, list);
	va_end(list);
	buffer->length += (size_t)length;
}
