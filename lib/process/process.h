/* The process itself: what a web server leaves it with, made safe before anything is read. Uses the base floor alone. */
#ifndef LATCHKEY_PROCESS_PROCESS_H
#define LATCHKEY_PROCESS_PROCESS_H

enum { PROCESS_SECONDS = 60 };

/*
 * Standard descriptors open, all others closed; signals as they should be; no core dump (secrets); an alarm that
 * ends the process after PROCESS_SECONDS, since no web server stops a CGI program whose client went away; proxy
 * variables that a request header could have set are gone (httpoxy).
 */
void process_prepare(void);

/*
 * Gives the pages of the program's code back; those that are needed again come from the page cache. For a process that
 * stays and has done most of what it will ever do.
 */
void process_forget_code(void);

/* Leaves at once: no exit handlers, and the database is not closed, since closing would checkpoint. */
_Noreturn void process_leave(int status);

/* Wakes who waits at a FIFO: writes one byte, without ever waiting. Nobody there is no error. */
void process_wake(const char *fifo);

#endif
