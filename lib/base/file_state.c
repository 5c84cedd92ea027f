#include "lib/base/file_state.h"

#include <sys/stat.h>

static struct file_state state_from(const struct stat *status)
{
	return (struct file_state){ status->st_dev, status->st_ino, status->st_size, status->st_ctim };
}

bool file_state_of(int file, struct file_state *state)
{
	struct stat status;

	if (fstat(file, &status) != 0)
		return false;
	*state = state_from(&status);
	return true;
}

bool file_state_is_same_file(const char *path, const struct file_state *state)
{
	struct stat status;

	return stat(path, &status) == 0 && status.st_dev == state->device && status.st_ino == state->inode;
}

bool file_state_is(const char *path, const struct file_state *state)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return false;
	struct file_state now = state_from(&status);
	return now.device == state->device && now.inode == state->inode && now.size == state->size
		&& now.changed.tv_sec == state->changed.tv_sec && now.changed.tv_nsec == state->changed.tv_nsec;
}
