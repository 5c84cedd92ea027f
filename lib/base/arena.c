#include "lib/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* In builds with AddressSanitizer the space between two allocations is poisoned, so that overruns show. */
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifdef ASAN_POISON_MEMORY_REGION
enum { GAP = 16 };
#define POISON(start, size) ASAN_POISON_MEMORY_REGION(start, size)
#define UNPOISON(start, size) ASAN_UNPOISON_MEMORY_REGION(start, size)
#else
enum { GAP = 0 };
#define POISON(start, size) ((void)(start), (void)(size))
#define UNPOISON(start, size) ((void)(start), (void)(size))
#endif

enum { ALIGNMENT = 16, FIRST_CHUNK = 32 * 1024, NEXT_CHUNK = 64 * 1024, FORMATTED_AT_ONCE = 2048 };

/* Bytes that were never handed out are zero: mmap() gives such pages, and only once they are touched; arena_reset() wipes the others. */
struct chunk {
	struct chunk *next;
	size_t size;
	size_t used;
	alignas(ALIGNMENT) unsigned char data[];
};

struct arena {
	struct chunk *first;
	struct chunk *current;
	size_t limit;
	size_t handed_out;
	arena_exhausted *exhausted;
	void *context;
};

static struct chunk *chunk_create(size_t size)
{
	if (size > SIZE_MAX - sizeof(struct chunk))
		return NULL;
	struct chunk *chunk = mmap(NULL, sizeof *chunk + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (chunk == MAP_FAILED)
		return NULL;
	chunk->size = size;
	POISON(chunk->data, size);
	return chunk;
}

static void chunk_free(struct chunk *chunk)
{
	UNPOISON(chunk->data, chunk->size);
	munmap(chunk, sizeof *chunk + chunk->size);
}

static void chunk_wipe(struct chunk *chunk)
{
	UNPOISON(chunk->data, chunk->used);
	explicit_bzero(chunk->data, chunk->used);
	chunk->used = 0;
}

struct arena *arena_create(size_t limit)
{
	struct arena *arena = calloc(1, sizeof *arena);
	struct chunk *first = chunk_create(FIRST_CHUNK);
	if (!arena || !first) {
		free(arena);
		if (first)
			chunk_free(first);
		return NULL;
	}
	arena->first = arena->current = first;
	arena->limit = limit;
	return arena;
}

void arena_on_exhausted(struct arena *arena, arena_exhausted *handler, void *context)
{
	arena->exhausted = handler;
	arena->context = context;
}

static _Noreturn void give_up(struct arena *arena)
{
	if (arena->exhausted)
		arena->exhausted(arena->context);
	fputs("out of memory\n", stderr);
	abort();
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size > arena->limit || size > SIZE_MAX / 2)
		give_up(arena);
	size_t need = ((size ? size : 1) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (need > arena->limit - arena->handed_out)
		give_up(arena);
	struct chunk *chunk = arena->current;
	if (need + GAP > chunk->size - chunk->used) {
		chunk = chunk_create(need + GAP > NEXT_CHUNK ? need + GAP : NEXT_CHUNK);
		if (!chunk)
			give_up(arena);
		arena->current->next = chunk;
		arena->current = chunk;
	}
	void *bytes = chunk->data + chunk->used;
	chunk->used += need + GAP;
	arena->handed_out += need;
	UNPOISON(bytes, size);
	return bytes;
}

char *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
	if (length == SIZE_MAX)
		give_up(arena);
	char *copy = arena_alloc(arena, length + 1);
	if (length)
		memcpy(copy, bytes, length);
	return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
	return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	char most[FORMATTED_AT_ONCE];
	va_list list;
	va_start(list, format);
	int length = vsnprintf(most, sizeof most, format, list);
	va_end(list);
	if (length < 0)
		give_up(arena);
	if ((size_t)length < sizeof most) {
		char *copy = arena_copy(arena, most, (size_t)length);
		explicit_bzero(most, (size_t)length); /* it may be a secret */
		return copy;
	}
	char *text = arena_alloc(arena, (size_t)length + 1);
	va_start(list, format);
	vsnprintf(text, (size_t)length + 1, format, list);
	va_end(list);
	return text;
}

void arena_reset(struct arena *arena)
{
	struct chunk *next = arena->first->next;
	while (next) {
		struct chunk *chunk = next;
		next = chunk->next;
		chunk_wipe(chunk);
		chunk_free(chunk);
	}
	chunk_wipe(arena->first);
	POISON(arena->first->data, arena->first->size);
	arena->first->next = NULL;
	arena->current = arena->first;
	arena->handed_out = 0;
}

void arena_destroy(struct arena *arena)
{
	if (!arena)
		return;
	arena_reset(arena);
	chunk_free(arena->first);
	free(arena);
}
