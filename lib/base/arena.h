/*
 * Memory of one request. Everything is taken from one arena and given back at once, by
 * arena_reset(), which wipes it first: nobody frees by hand and no secret outlives its request.
 */
#ifndef LATCHKEY_BASE_ARENA_H
#define LATCHKEY_BASE_ARENA_H

#include <stddef.h>

struct arena;

/* What to do when `limit` is reached or the system has no memory: must not return. */
typedef void arena_exhausted(void *context);

/* A new arena that hands out at most `limit` bytes between two resets. NULL if there is no memory. */
struct arena *arena_create(size_t limit);

/* Sets what happens on exhaustion (default: message on stderr, abort()). */
void arena_on_exhausted(struct arena *arena, arena_exhausted *handler, void *context);

/* `size` zeroed bytes, aligned for any type; never NULL. They live until arena_reset(). */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));

/* A NUL-terminated copy of `length` bytes, or of a string (NULL stays NULL). */
char *arena_copy(struct arena *arena, const void *bytes, size_t length);
char *arena_text(struct arena *arena, const char *text);

/* A string made as printf() does. */
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Wipes and takes back all that was handed out; the arena can be used again. */
void arena_reset(struct arena *arena);

/* arena_reset(), and gives the memory back to the system. */
void arena_destroy(struct arena *arena);

#endif
