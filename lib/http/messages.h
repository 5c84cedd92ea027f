/* Every text that a page shows, by key, in one table, so that translations can follow. */
#ifndef LATCHKEY_HTTP_MESSAGES_H
#define LATCHKEY_HTTP_MESSAGES_H

#include <stddef.h>

struct message {
	const char *key;
	const char *text; /* plain text, {name} where a value goes */
};

/* Sorted by key. */
extern const struct message messages[];
extern const size_t messages_count;

/* The text; the key itself if there is none (a test makes sure that every key used is there). */
const char *message(const char *key);

/* NULL where there is none. */
const char *message_find(const char *key);

#endif
