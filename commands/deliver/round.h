/* One round of deliver, in a process of its own or as the whole of `deliver --once`. */
#ifndef LATCHKEY_COMMANDS_DELIVER_ROUND_H
#define LATCHKEY_COMMANDS_DELIVER_ROUND_H

#include <stdbool.h>
#include <stdint.h>

struct round_result {
	int64_t sent;
	int64_t retried; /* failed, and put back for later */
	int64_t failed;  /* given up */
	int64_t dropped; /* there was nobody to send it to, or nothing to tell any more */
	int64_t next_due; /* seconds since 1970; 0: nothing waits */
};

/* Sends what is due. False, with a line in the log, if it could not even begin. */
bool round_run(struct round_result *result);

#endif
