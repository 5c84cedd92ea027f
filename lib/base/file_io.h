/* Reading and writing of files to the end, whatever signals come in between. */
#ifndef LATCHKEY_BASE_FILE_IO_H
#define LATCHKEY_BASE_FILE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Up to `length` bytes, fewer at the end of the file alone; -1 with errno. */
ssize_t file_read_all(int file, void *bytes, size_t length);

/* False, with errno, if not all of it could be written. */
bool file_write_all(int file, const void *bytes, size_t length);

#endif
