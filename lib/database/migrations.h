/* From the schema of an older release to that of this one. */
#ifndef LATCHKEY_DATABASE_MIGRATIONS_H
#define LATCHKEY_DATABASE_MIGRATIONS_H

#include "lib/database/database.h"

/*
 * One step: from version `from` to the next one. Statements separated by semicolons, without BEGIN, COMMIT and PRAGMA; foreign
 * keys are off meanwhile, so that a table can be built anew, and checked at the end.
 */
struct migration {
	int from;
	const char *sql;
};

/* All steps there are, in their order, ended by a NULL sql. A release that raises DATABASE_SCHEMA_VERSION adds one. */
extern const struct migration database_migrations[];

struct upgrade {
	const struct migration *migrations; /* database_migrations, but for tests */
	int target;                         /* DATABASE_SCHEMA_VERSION, but for tests */
	bool copy;                          /* keep the old one as before-upgrade-N.db beside it (N: its version) */
	/* Called in the transaction, at its end: the audit. NULL: nobody. */
	void (*record)(void *context, struct database *database, int from, int to);
	void *context;
};

/*
 * Brings folder/latchkey.db to the target: with the queue of writers held, the copy first, then all steps in one transaction.
 * A crash at any moment leaves the old version or the new one. Gives the version that it had (the target: nothing was to
 * do), -1 with *error; then nothing was changed. `failed` is called when a statement of `record` fails.
 */
int database_upgrade(struct arena *arena, const char *folder, const struct upgrade *upgrade, database_failed *failed, void *context,
	const char **error);

#endif
