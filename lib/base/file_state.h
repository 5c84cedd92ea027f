/* Which file stands under a name, and whether it is still the same, unchanged. */
#ifndef LATCHKEY_BASE_FILE_STATE_H
#define LATCHKEY_BASE_FILE_STATE_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct file_state {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed; /* contents or mode */
};

/* Of an open file. False if it cannot be told. */
bool file_state_of(int file, struct file_state *state);

/* Whether the name stands for this file, as it was. */
bool file_state_is(const char *path, const struct file_state *state);

/* Whether the name stands for this file, whatever was written into it meanwhile. */
bool file_state_is_same_file(const char *path, const struct file_state *state);

#endif
