/*
 * A process that does nothing but hold the database open. SQLite's index of the log lives as long as somebody does; without
 * it each endpoint that comes alone reads the whole log first (a tenth of what userinfo costs).
 */
#ifndef LATCHKEY_COMMANDS_DELIVER_KEEPER_H
#define LATCHKEY_COMMANDS_DELIVER_KEEPER_H

#include <sys/types.h>

/* Starts it; it ends with its parent. Gives its process id, -1 if it could not be started. */
pid_t keeper_start(void);

#endif
