/*
 * deliver: sends the mails that wait in the outbox. --once for cron; --watch stays, and is woken by endpoints through the
 * FIFO mail/wake. Ends with 0 when all went well (a mail that has to wait for a better time included), 1 when it could not
 * work, 2 when the call was wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "commands/deliver/deliver.h"
#include "commands/deliver/keeper.h"
#include "commands/deliver/round.h"
#include "lib/base/clock.h"
#include "lib/base/json_write.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

enum { WAIT_SECONDS = 60, WAIT_AFTER_FAILURE = 10, OUTPUT_LIMIT = 65536, PATH_LIMIT = 262144 };

volatile sig_atomic_t deliver_stops;

static void on_stop(int signal_number)
{
	(void)signal_number;
	deliver_stops = 1;
}

static const char help[] =
	" [--once | --watch] [--json]\n\n"
	"Sends the mails that wait.\n"
	"  --once   Sends what is due, and ends. The default; made for cron.\n"
	"  --watch  Stays and sends each mail as soon as it is due, until SIGTERM.\n"
	"  --json   Says what was done as JSON.\n\n"
	"LATCHKEY_CONFIG names the configuration. The ways out are mail_sendmail, mail_smtp_url, or else the folder mail/sent.\n";

static void say(const struct round_result *result, bool json)
{
	struct arena *arena = arena_create(OUTPUT_LIMIT);
	struct buffer out = buffer_create(arena, 256);

	json_object_open(&out, NULL);
	json_number(&out, "sent", result->sent);
	json_number(&out, "retried", result->retried);
	json_number(&out, "failed", result->failed);
	json_number(&out, "dropped", result->dropped);
	if (result->next_due)
		json_number(&out, "next_due", result->next_due);
	json_object_close(&out);
	if (json)
		printf("%s\n", out.data);
	else if (result->sent + result->retried + result->failed + result->dropped == 0)
		printf("There was nothing to send.\n");
	else
		printf("Sent: %lld. To be tried again: %lld. Given up: %lld. Dropped: %lld.\n", (long long)result->sent,
			(long long)result->retried, (long long)result->failed, (long long)result->dropped);
	fflush(stdout);
	arena_destroy(arena);
}

static int once(bool json)
{
	struct round_result result;

	if (!round_run(&result))
		return 1;
	say(&result, json);
	return 0;
}

/* ---- --watch */

static int fail(const char *what, const char *path)
{
	fprintf(stderr, "deliver: %s %s: %s.\n", path, what, strerror(errno));
	return -1;
}

/* Read and write at once: so it has a writer always, and poll() does not tell of a last one that left. */
static int open_wake(const char *path)
{
	struct stat status, folder;
	bool made = mkfifo(path, 0600) == 0;
	int fd = open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	const char *slash = strrchr(path, '/');

	if (fd < 0)
		return fail("cannot be opened", path);
	if (fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode)) {
		fprintf(stderr, "deliver: %s is no FIFO: move it away.\n", path);
		return -1;
	}
	if (made && geteuid() == 0 && slash) {
		char around[4096];

		snprintf(around, sizeof around, "%.*s", (int)(slash - path), path);
		if (stat(around, &folder) == 0 && folder.st_uid != 0 && fchown(fd, folder.st_uid, folder.st_gid) != 0)
			return fail("cannot be given to its owner", path);
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		fprintf(stderr, "deliver: another deliver watches %s already.\n", path);
		return -1;
	}
	return fd;
}

static int find_wake(void)
{
	struct arena *arena = arena_create(PATH_LIMIT);
	const char *error;
	const struct config *config = arena ? config_load(arena, config_path(), &error) : NULL;
	int fd = -1;

	if (config)
		fd = open_wake(config_file(arena, config, "mail/wake"));
	else if (arena)
		fprintf(stderr, "deliver: %s.\n", error);
	if (arena)
		arena_destroy(arena);
	return fd;
}

/* Waits until `fd` has something to read; signals come through here and nowhere else, so none is missed. */
static void wait_for(int fd, int64_t seconds, const sigset_t *open_mask)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };
	struct timespec timeout = { .tv_sec = (time_t)seconds };

	ppoll(&polled, 1, seconds < 0 ? NULL : &timeout, open_mask);
}

static _Noreturn void be_round(int wake, int report, const sigset_t *open_mask, bool json)
{
	struct round_result result;

	close(wake);
	sigprocmask(SIG_SETMASK, open_mask, NULL);
	if (!round_run(&result))
		_exit(1);
	if (json && result.sent + result.retried + result.failed + result.dropped > 0)
		say(&result, true);
	_exit(write(report, &result, sizeof result) == (ssize_t)sizeof result ? 0 : 1);
}

/*
 * Each round has a process of its own: it reads the configuration anew, what it knew is gone with it, and whatever ends it
 * does not end the watch. Gives for how many seconds to wait.
 */
static int64_t round_apart(int wake, const sigset_t *open_mask, bool json)
{
	struct round_result result = { 0 };
	int ends[2], status;
	bool told = false, fine;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return WAIT_AFTER_FAILURE;
	child = fork();
	if (child == 0) {
		close(ends[0]);
		be_round(wake, ends[1], open_mask, json);
	}
	close(ends[1]);
	for (struct pollfd polled = { .fd = ends[0], .events = POLLIN }; child > 0 && poll(&polled, 1, 0) == 0;) {
		wait_for(ends[0], -1, open_mask);
		if (deliver_stops && !told) {
			kill(child, SIGTERM);
			told = true;
		}
	}
	fine = child > 0 && read(ends[0], &result, sizeof result) == (ssize_t)sizeof result;
	close(ends[0]);
	if (child > 0)
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
	if (!fine)
		return WAIT_AFTER_FAILURE;
	int64_t seconds = result.next_due ? result.next_due - clock_seconds() : WAIT_SECONDS;
	return seconds < 0 ? 0 : seconds < WAIT_SECONDS ? seconds : WAIT_SECONDS;
}

static int watch(bool json)
{
	sigset_t stops, open_mask;
	int wake = find_wake();

	if (wake < 0)
		return 1;
	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGHUP);
	sigprocmask(SIG_BLOCK, &stops, &open_mask);
	pid_t keeper = keeper_start();
	while (!deliver_stops) {
		char bytes[4096];

		/* First, so that what comes during the round wakes for the next one. */
		while (read(wake, bytes, sizeof bytes) > 0)
			;
		int64_t seconds = round_apart(wake, &open_mask, json);
		if (!deliver_stops)
			wait_for(wake, seconds, &open_mask);
	}
	if (keeper > 0) {
		kill(keeper, SIGTERM);
		waitpid(keeper, NULL, 0);
	}
	return 0;
}

static void prepare(void)
{
	static const int stops[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
		sigaction(stops[i], &(struct sigaction){ .sa_handler = on_stop }, NULL);
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 }); /* links would be in it */
	umask(077);
	log_start("deliver");
}

int main(int argc, char **argv)
{
	bool json = false, watches = false, says_once = false;
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : "deliver";

	for (int i = 1; i < argc; i++) {
		if (text_equal(argv[i], "--help") || text_equal(argv[i], "-h")) {
			printf("usage: %s%s", name, help);
			return 0;
		}
		if (text_equal(argv[i], "--json")) {
			json = true;
		} else if (text_equal(argv[i], "--watch")) {
			watches = true;
		} else if (text_equal(argv[i], "--once")) {
			says_once = true;
		} else {
			fprintf(stderr, "deliver: there is no option %s.\nusage: %s%s", argv[i], name, help);
			return 2;
		}
	}
	if (watches && says_once) {
		fprintf(stderr, "deliver: --once and --watch are two.\n");
		return 2;
	}
	prepare();
	return watches ? watch(json) : once(json);
}
