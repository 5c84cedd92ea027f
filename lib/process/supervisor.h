/*
 * The processes that serve one FastCGI socket: as many as there is work for, and none where there is none. They share the
 * socket, so that one that ends, having served its number of requests or for a fault, loses no connection. Uses the base
 * floor alone.
 */
#ifndef LATCHKEY_PROCESS_SUPERVISOR_H
#define LATCHKEY_PROCESS_SUPERVISOR_H

#include <stdbool.h>

enum { SUPERVISOR_MOST = 64 };

/* Whether the descriptor is a socket that listens: then the program was started as FastCGI. */
bool supervisor_is_socket(int descriptor);

/*
 * Starts processes, up to so many, when somebody waits at `socket` and none is idle. Returns in each of them, once; the supervisor itself never returns: at SIGTERM it passes that on, waits for all of them and leaves. A process
 * ends with its supervisor.
 */
void supervisor_run(int socket, int processes);

/*
 * In such a process: waits until somebody comes. False, and the process should leave, when nobody came for `idle_ms`,
 * or SIGTERM did.
 */
bool supervisor_wait(int socket, int idle_ms);

/* Marks the beginning and the end of a request: SIGTERM waits for the end, and where all are at work the supervisor starts another one. */
void supervisor_working(bool working);

/* Whether SIGTERM came during the request that has just ended. */
bool supervisor_is_leaving(void);

#endif
