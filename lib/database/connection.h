/* What the files of this floor share; nobody else includes it. */
#ifndef LATCHKEY_DATABASE_CONNECTION_H
#define LATCHKEY_DATABASE_CONNECTION_H

#include <sqlite3.h>

#include "lib/base/file_state.h"
#include "lib/database/database.h"

enum {
	DATABASE_BUSY_MS = 5000,   /* for locks of SQLite's own; writers wait in the queue, not here */
	DATABASE_STATEMENTS = 32,  /* prepared at a time */
	DATABASE_MESSAGE_SIZE = 512,
};

struct statement {
	struct database *database;
	sqlite3_stmt *handle; /* NULL: the slot is free */
	uint64_t last_use;
	bool busy;            /* handed out and not ended */
	bool has_row;
};

struct database {
	struct arena *arena;
	sqlite3 *handle;
	const char *folder;
	const char *path;
	struct file_state file; /* that was opened */
	const char *reads;
	const char *writes;
	database_failed *failed;
	void *context;
	struct statement statements[DATABASE_STATEMENTS];
	uint64_t uses;
	int lock;        /* latchkey.lock, -1: not opened yet */
	bool stays;                 /* open for many requests */
	bool syncing_is_ours;       /* SQLite was told so */
	enum durability durability; /* of the transaction */
	int wal_pages;   /* in the log after the last commit */
	bool own_pragma; /* the authorizer lets a PRAGMA of this floor pass */
	char refused[160];
	char message[DATABASE_MESSAGE_SIZE];
};

/* Rolls back, frees the queue and tells `failed`: `why`, or SQLite's own message if that is NULL. */
_Noreturn void database_fail(struct database *database, const char *sql, const char *why);

/* Ends all statements that are under way; _forget also takes back the prepared ones. */
void database_end_statements(struct database *database);
void database_forget_statements(struct database *database);

/* SQLite's authorizer; `context` is the struct database. */
int database_authorize(void *context, int action, const char *first, const char *second, const char *schema,
	const char *trigger);

/* One that is not open yet; and the connection with its settings, whatever the version of its schema is. False with *error. */
struct database *database_new(struct arena *arena, const char *folder, const char *reads, const char *writes,
	database_failed *failed, void *context);
bool database_connect(struct database *database, int *version, const char **error);

/* Takes the place in the queue of writers: an open file, locked; -1 with errno. */
int database_lock_open(const char *folder);
bool database_lock_wait(int lock);

/* The file that is locked while a copy is made; -1 if it cannot be opened, or is not there and not to be made. */
int database_backup_lock_open(const char *folder, bool make);

/* Settings of the library that hold for the whole process. */
void database_configure_library(void);

/* Opens a file or folder with these flags and waits until it is on disk. False with errno. */
bool database_sync_path(const char *path, int flags);

/* folder/latchkey.db and what follows its name. */
char *database_path(struct arena *arena, const char *folder, const char *suffix);

#endif
