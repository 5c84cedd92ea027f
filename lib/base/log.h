/*
 * The log: one line an event, on standard error, which the web server keeps (or in the file that the
 * configuration names), written by one write(2). Never a token, code, password or secret (invariant 10).
 * 2026-11-21T10:00:00Z token[4711] 3f2a… warning: text with control characters as \xNN
 */
#ifndef LATCHKEY_BASE_LOG_H
#define LATCHKEY_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Which program speaks; `program` must stay valid. Lines above `level` are dropped (default LOG_INFO). */
void log_start(const char *program);
void log_set_level(enum log_level level);

/* Appends to this file from now on, to standard error if it is NULL; false if it cannot be opened (then standard error stays). `path` must stay valid. */
bool log_to_file(const char *path);

/* Both as the configuration says: a file or NULL, and the name of a level. A file that cannot be opened gets a warning on standard error. */
void log_configure(const char *path, const char *level);

/* Whether that file is still the one of its name: rotation moves it away. True for standard error. */
bool log_is_current(void);

/* The id that the lines of one request carry; NULL for none. Must stay valid. */
void log_set_request(const char *request_id);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
