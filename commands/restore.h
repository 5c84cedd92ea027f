/* The steps of `latchkey restore` that work on folders. */
#ifndef LATCHKEY_COMMANDS_RESTORE_H
#define LATCHKEY_COMMANDS_RESTORE_H

#include "commands/cli.h"

struct restore {
	struct cli *cli;
	const char *directory; /* absolute: where the installation will be */
	const char *staging;   /* beside it: where the new one is made */
	const char *aside;     /* where the old one was moved to; NULL: there was none */
	bool exists;           /* directory is there */
	bool occupied;         /* and something is in it */
	int lock;              /* of the directory that is there; -1 */
};

/* Finds out about the folder; a folder that is there is locked, so that two commands take turns. Ends the program if it cannot be. */
void restore_look(struct restore *restore, const char *directory);

/* Makes the staging folder with its subfolders. It is removed when the program ends without restore_put_in_place(). */
void restore_stage(struct restore *restore);

/* Folders that no backup has, and the configuration, which must not name another folder: fits the new one to its place. */
void restore_complete(struct restore *restore);

/*
 * Gives all to the owner of the folder that was there, syncs it, and puts it in place. An installation that is there changes
 * its name with the new one in one system call, and is then called directory.before-restore-TIME.
 */
void restore_put_in_place(struct restore *restore);

#endif
