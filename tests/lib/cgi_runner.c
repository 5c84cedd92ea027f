/*
 * cgi_runner: runs CGI programs one after the other, each as a process of its own, and kills those that it is told to.
 *
 * Requests come by standard input, answers go to standard output, each behind its length (32 bits, as the machine has
 * them). A request: texts that end in NUL (microseconds until SIGKILL or -1; "start", "lock" or "release", from when on
 * they count; the program, its environment, an empty one), then the body. An answer: the wait status, the phase, the microseconds, the length of the program's standard output,
 * each in 32 bits; its standard output; its standard error.
 *
 * The phase in which a program was killed is read from outside: it is stopped, /proc tells whether it has opened
 * latchkey.lock, waits for it or holds it, and it is killed without having run again.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

enum { REQUEST_MOST = 262144, OUTPUT_MOST = 262144, VARIABLES_MOST = 64, LOCK_LOOK_US = 150, RELEASE_LOOK_US = 5 };

enum phase {
	ENDED,   /* by itself, before its time came */
	BEFORE,  /* it has not asked for the lock of writers yet */
	WAITING, /* it waits for the lock */
	INSIDE,  /* it holds the lock */
	AFTER,   /* it has given the lock back */
};

struct request {
	long kill_after_us;
	enum { FROM_START, FROM_LOCK, FROM_RELEASE } from; /* counted from when it was seen to hold the lock of writers, or no more */
	char *program;
	char *environment[VARIABLES_MOST + 1];
	const char *body;
	size_t body_length;
};

struct output {
	int fd;
	size_t length;
	char bytes[OUTPUT_MOST];
};

static char input[REQUEST_MOST + 1];
static struct output out, err;

static _Noreturn void __attribute__((format(printf, 1, 2))) die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "cgi_runner: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
	va_end(arguments);
	_exit(1);
}

static long now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* False at the end of the input, if it is there and then. */
static bool read_fully(void *bytes, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t got = read(STDIN_FILENO, (char *)bytes + done, length - done);
		if (got == 0 && done == 0)
			return false;
		if (got == 0 || (got < 0 && errno != EINTR))
			die("a request is cut short");
		done += got > 0 ? (size_t)got : 0;
	}
	return true;
}

static void write_fully(const void *bytes, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t written = write(STDOUT_FILENO, (const char *)bytes + done, length - done);
		if (written < 0 && errno != EINTR)
			_exit(1); /* nobody listens any more */
		done += written > 0 ? (size_t)written : 0;
	}
}

static char *next_text(char **cursor, const char *end)
{
	char *text = *cursor;

	if (text >= end)
		die("a request lacks a text");
	*cursor = text + strlen(text) + 1;
	return text;
}

static int origin_of(const char *name)
{
	return strcmp(name, "lock") == 0 ? FROM_LOCK : strcmp(name, "release") == 0 ? FROM_RELEASE : FROM_START;
}

static bool read_request(struct request *request)
{
	uint32_t length;
	char *cursor = input;
	int count = 0;

	if (!read_fully(&length, sizeof length))
		return false;
	if (length == 0 || length > REQUEST_MOST || !read_fully(input, length))
		die("a request has no good length");
	input[length] = '\0';
	request->kill_after_us = strtol(next_text(&cursor, input + length), NULL, 10);
	request->from = origin_of(next_text(&cursor, input + length));
	request->program = next_text(&cursor, input + length);
	while (*(request->environment[count] = next_text(&cursor, input + length)) != '\0')
		if (++count > VARIABLES_MOST)
			die("too many variables");
	request->environment[count] = NULL;
	request->body = cursor;
	request->body_length = (size_t)(input + length - cursor);
	return true;
}

/* The reading end of a pipe that holds the body and ends after it. Bodies of the tests fit into a pipe. */
static int body_pipe(const struct request *request)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0 || write(ends[1], request->body, request->body_length) != (ssize_t)request->body_length)
		die("pipe: %s", strerror(errno));
	close(ends[1]);
	return ends[0];
}

static pid_t start(const struct request *request)
{
	char *const argv[] = { request->program, NULL };
	posix_spawn_file_actions_t actions;
	int in = body_pipe(request), out_ends[2], err_ends[2], problem;
	pid_t pid;

	if (pipe2(out_ends, O_CLOEXEC) != 0 || pipe2(err_ends, O_CLOEXEC) != 0)
		die("pipe: %s", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out_ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err_ends[1], STDERR_FILENO);
	problem = posix_spawn(&pid, request->program, &actions, NULL, argv, request->environment);
	if (problem != 0)
		die("%s: %s", request->program, strerror(problem));
	posix_spawn_file_actions_destroy(&actions);
	close(in);
	close(out_ends[1]);
	close(err_ends[1]);
	out.fd = out_ends[0];
	err.fd = err_ends[0];
	out.length = err.length = 0;
	return pid;
}

static void take(struct output *output)
{
	ssize_t got = read(output->fd, output->bytes + output->length, OUTPUT_MOST - output->length);

	if (got > 0) {
		output->length += (size_t)got;
		return;
	}
	if (got < 0 && errno == EINTR)
		return;
	close(output->fd);
	output->fd = -1;
}

/* Until both outputs are at their end (true), or until the time (microseconds; -1: none) has come. */
static bool take_until(long until)
{
	while (out.fd >= 0 || err.fd >= 0) {
		struct pollfd both[] = { { out.fd, POLLIN, 0 }, { err.fd, POLLIN, 0 } };
		long left = until < 0 ? 0 : until - now_us();
		struct timespec wait = { left > 0 ? left / 1000000 : 0, left > 0 ? left % 1000000 * 1000 : 0 };

		if (until >= 0 && left <= 0)
			return false;
		if (ppoll(both, 2, until < 0 ? NULL : &wait, NULL) < 0 && errno != EINTR)
			die("ppoll: %s", strerror(errno));
		if (both[0].revents)
			take(&out);
		if (both[1].revents)
			take(&err);
	}
	return true;
}

/* The inode of latchkey.lock if the process has it open; 0 if it has not. */
static unsigned long lock_inode(pid_t pid)
{
	static const char name[] = "/latchkey.lock";
	char folder[64], path[PATH_MAX];
	struct dirent *entry;
	unsigned long inode = 0;

	snprintf(folder, sizeof folder, "/proc/%d/fd", (int)pid);
	DIR *files = opendir(folder);
	while (files && !inode && (entry = readdir(files))) {
		char link[400];
		struct stat status;
		snprintf(link, sizeof link, "%s/%s", folder, entry->d_name);
		ssize_t length = readlink(link, path, sizeof path - 1);
		if (length < (ssize_t)sizeof name - 1 || memcmp(path + length - (sizeof name - 1), name, sizeof name - 1) != 0)
			continue;
		if (stat(link, &status) == 0)
			inode = (unsigned long)status.st_ino;
	}
	if (files)
		closedir(files);
	return inode;
}

/* Inode 0 is any. A line: "12: FLOCK  ADVISORY  WRITE 4711 08:01:123456 0 EOF"; who waits has "->" after the number. */
static bool holds(pid_t pid, unsigned long inode)
{
	char line[256];
	FILE *locks = fopen("/proc/locks", "re");
	bool found = false;

	if (!locks)
		die("/proc/locks: %s", strerror(errno));
	while (!found && fgets(line, sizeof line, locks)) {
		int owner;
		unsigned long file;
		if (sscanf(line, "%*d: FLOCK %*s %*s %d %*x:%*x:%lu", &owner, &file) == 2)
			found = owner == (int)pid && (inode == 0 || file == inode);
	}
	fclose(locks);
	return found;
}

/* Until the program holds the lock, or holds it no more (true), or has ended without having been seen so. */
static bool wait_for_lock(pid_t pid, bool wanted, long look_every_us)
{
	while (!take_until(now_us() + look_every_us))
		if (holds(pid, 0) == wanted)
			return true;
	return false;
}

/* A process that was stopped in a system call: is it flock? */
static bool is_in_flock(pid_t pid)
{
	char path[64];
	long number = -1;

	snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
	FILE *file = fopen(path, "re");
	if (!file || fscanf(file, "%ld", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number == SYS_flock;
}

/* Its process is ours and not reaped, so the id cannot have become another's. */
static enum phase strike(pid_t pid)
{
	siginfo_t info = { 0 };
	enum phase phase = BEFORE;

	kill(pid, SIGSTOP);
	while (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOWAIT) != 0)
		if (errno != EINTR)
			die("waitid: %s", strerror(errno));
	if (info.si_code != CLD_STOPPED)
		return ENDED;
	unsigned long inode = lock_inode(pid);
	if (inode)
		phase = holds(pid, inode) ? INSIDE : is_in_flock(pid) ? WAITING : AFTER;
	kill(pid, SIGKILL);
	return phase;
}

/* Waits for the moment, kills; tells in which phase. */
static enum phase kill_in_time(pid_t pid, const struct request *request)
{
	long since = now_us();

	if (request->kill_after_us < 0)
		return ENDED;
	if (request->from != FROM_START && !wait_for_lock(pid, true, LOCK_LOOK_US))
		return ENDED;
	if (request->from == FROM_RELEASE && !wait_for_lock(pid, false, RELEASE_LOOK_US))
		return ENDED;
	if (request->from != FROM_START)
		since = now_us();
	return take_until(since + request->kill_after_us) ? ENDED : strike(pid);
}

static void answer(int status, enum phase phase, long elapsed)
{
	uint32_t head[] = { (uint32_t)(4 * sizeof(uint32_t) + out.length + err.length), (uint32_t)status, phase,
		(uint32_t)elapsed, (uint32_t)out.length };

	write_fully(head, sizeof head);
	write_fully(out.bytes, out.length);
	write_fully(err.bytes, err.length);
}

int main(void)
{
	struct request request;

	signal(SIGPIPE, SIG_IGN);
	while (read_request(&request)) {
		int status;
		long started = now_us();
		pid_t pid = start(&request);
		enum phase phase = kill_in_time(pid, &request);

		take_until(-1);
		while (waitpid(pid, &status, 0) != pid)
			if (errno != EINTR)
				die("waitpid: %s", strerror(errno));
		answer(status, phase, now_us() - started);
	}
	return 0;
}
