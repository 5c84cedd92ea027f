/* The time. Statements get it bound by the caller, never from the database. */
#ifndef LATCHKEY_BASE_CLOCK_H
#define LATCHKEY_BASE_CLOCK_H

#include <stdint.h>

/* Seconds since 1970. */
int64_t clock_seconds(void);

/* Milliseconds since 1970. */
int64_t clock_milliseconds(void);

/* 2026-11-21T10:00:00Z for seconds since 1970; `out` holds at least 21 bytes. */
void clock_format(int64_t seconds, char *out);

#endif
