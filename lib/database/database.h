/*
 * The only place that knows SQLite. Short-lived processes, 32 at once: a file lock in front of every write
 * transaction makes them queue fairly, checkpoints follow a policy that avoids SQLite's WAL-reset bug, and an
 * authorizer holds each program to the tables that its endpoint declares.
 */
#ifndef LATCHKEY_DATABASE_DATABASE_H
#define LATCHKEY_DATABASE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"

struct database;
struct statement;

/* The schema's number (PRAGMA user_version) that this build works with. */
enum { DATABASE_SCHEMA_VERSION = 1 };

/* The schema itself, out of schema.sql, without its comments. */
extern const char database_schema[];

/* Called when a statement fails: must not return. `message` is for the log. */
typedef void database_failed(void *context, const char *message);

enum database_opened { DATABASE_OPEN, DATABASE_UNAVAILABLE, DATABASE_OTHER_VERSION };

/*
 * Opens folder/latchkey.db, whose companions (-wal, -shm, .lock) lie beside it. `reads` and `writes` are words,
 * names of tables (NULL, NULL: no limit, for the CLI). On failure *error is a sentence for the log.
 */
enum database_opened database_open(struct arena *arena, const char *folder, const char *reads, const char *writes,
	database_failed *failed, void *context, struct database **database, const char **error);

/* For a process that serves many requests: the log may grow longer, since nobody reads it anew for each of them. */
void database_stay_open(struct database *database);

/* Whether the file is still the one that was opened, and of this version: `restore` puts another one there, `upgrade` a newer schema. */
bool database_is_current(struct database *database);

/* Makes the file and the schema, mode 0600. False with *error. */
bool database_create(struct arena *arena, const char *folder, const char **error);

/* Ends statements; rolls an open transaction back. The connection itself is left to the end of the process
   (closing would checkpoint), unless `close`. */
void database_release(struct database *database, bool close);

/*
 * Statements. `types` has a letter for each of ?1, ?2 …:
 *   t  const char *: text, NULL is NULL       n  int64_t: a number        o  int64_t: a number, 0 is NULL
 *   h  const unsigned char *: 32 bytes, NULL is NULL                      b  const void *, size_t: bytes
 * Texts read are copies in the arena. Any failure goes to `failed`.
 */
struct statement *database_query(struct database *database, const char *sql, const char *types, ...);

/* The next row; false when there is none, and the statement is at its end. */
bool statement_row(struct statement *statement);

/* To leave before the last row; harmless after it. */
void statement_end(struct statement *statement);

const char *statement_text(struct statement *statement, int column);
int64_t statement_number(struct statement *statement, int column); /* 0 for NULL */
bool statement_is_null(struct statement *statement, int column);
const unsigned char *statement_bytes(struct statement *statement, int column, size_t *length); /* length may be NULL */

/* Runs a statement that gives no rows: how many rows it changed. */
int64_t database_change(struct database *database, const char *sql, const char *types, ...);

/* The rowid of the last insert. */
int64_t database_last_id(struct database *database);

enum durability {
	DATABASE_RELAXED, /* may be lost in a power cut: flows, counters, last-seen */
	DATABASE_DURABLE, /* on disk before database_commit() returns: all that an answer promises */
};

/*
 * Waits in the queue of writers, then BEGIN IMMEDIATE. No hashing, signing or waiting until the commit.
 * A transaction is never begun inside another.
 */
void database_begin(struct database *database, enum durability durability);
void database_commit(struct database *database);
void database_rollback(struct database *database); /* harmless without a transaction */
bool database_in_transaction(const struct database *database);

/* The arena that results are copied to: the request's own. */
struct arena *database_arena(const struct database *database);

/* Another one from now on, for who reads more rows than fit in one; gives the one before. */
struct arena *database_use_arena(struct database *database, struct arena *arena);

#endif
