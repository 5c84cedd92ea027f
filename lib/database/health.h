/* What can be said about the database file as a whole. For the command line: endpoints are stopped by their authorizer. */
#ifndef LATCHKEY_DATABASE_HEALTH_H
#define LATCHKEY_DATABASE_HEALTH_H

#include "lib/database/database.h"

/* NULL if the file is whole (PRAGMA quick_check), else SQLite's first complaint, in the arena. Reads the whole file. */
const char *database_damage(struct database *database);

/* How many rows point to rows that are gone. */
int64_t database_lost_references(struct database *database);

/* Whether writes go through the log (WAL), as all that is said about several writers needs it. */
bool database_has_wal(struct database *database);

const char *database_library_version(void);

/* 3.7.0 to 3.51.2: a reset of the log while another program writes can corrupt the file. */
bool database_library_has_wal_reset_bug(void);

#endif
