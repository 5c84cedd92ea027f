/* Copies of a database that others write to meanwhile, and the look whether one is sound. */
#ifndef LATCHKEY_DATABASE_BACKUP_H
#define LATCHKEY_DATABASE_BACKUP_H

#include "lib/database/database.h"

/*
 * A copy as of one moment, by SQLite's backup, beside the database in `folder`/latchkey.db. Nobody waits for it: readers and
 * writers go on, and writers leave the log (WAL) alone until it is done, so it grows meanwhile; then it is emptied. One at a
 * time: a second one waits for the first. In no transaction.
 */

/* Into a file that has no name any more, so that nothing of it stays, whatever happens. Its descriptor; -1 with *error. */
int database_copy_unnamed(struct database *database, const char **error);

/* Into folder/`name`, mode 0600, of the folder's owner: complete, synced, and only then under that name. False with *error. */
bool database_copy_named(struct database *database, const char *name, const char **error);

/* Whether every page, index and foreign key is as it should be (reads it all). False with what was found first in *error. */
bool database_is_sound(struct database *database, const char **error);

/* Brings all of the log into the database, if no reader is in the way. */
void database_empty_log(struct database *database);

#endif
