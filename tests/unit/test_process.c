/* What a web server may leave a program with. Each check runs in a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/process/process.h"

enum { FINE = 42 };

/* The body's result, or minus the signal that ended it. */
static int run(int (*body)(void))
{
	int status = 0;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		_exit(body());
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- descriptors */

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int without_descriptors(void)
{
	close(0);
	close(1);
	close(2);
	process_prepare();
	/* What is opened next must not become standard output. */
	int next = open("/dev/null", O_RDONLY);
	char byte;
	return is_open(0) && is_open(1) && is_open(2) && next > 2 && read(0, &byte, 1) == 0 && write(1, "x", 1) == 1 && write(2, "x", 1) == 1
		? FINE : 1;
}

static int without_one(void)
{
	close(1);
	process_prepare();
	return is_open(1) && open("/dev/null", O_RDONLY) > 2 ? FINE : 1;
}

static int inherited_descriptors(void)
{
	for (int i = 0; i < 20; i++)
		if (open("/dev/null", O_RDONLY) < 0)
			return 1;
	if (dup2(0, 200) != 200)
		return 2;
	process_prepare();
	for (int fd = 3; fd < 300; fd++)
		if (is_open(fd))
			return 3;
	return FINE;
}

static int kept_descriptors(void)
{
	int ends[2];
	char text[4] = "";
	if (pipe(ends) != 0 || dup2(ends[1], 1) != 1 || dup2(ends[0], 0) != 0)
		return 1;
	process_prepare();
	return write(1, "abc", 3) == 3 && read(0, text, 3) == 3 && strcmp(text, "abc") == 0 ? FINE : 2;
}

static void test_descriptors(void **state)
{
	(void)state;
	assert_int_equal(run(without_descriptors), FINE);
	assert_int_equal(run(without_one), FINE);
	assert_int_equal(run(inherited_descriptors), FINE);
	assert_int_equal(run(kept_descriptors), FINE);
}

/* ---- signals */

static int ignored_and_blocked(void)
{
	static const int usual[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGCHLD, SIGUSR1, SIGUSR2 };
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		signal(usual[i], SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	process_prepare();

	struct sigaction action;
	sigset_t mask;
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (sigaction(usual[i], NULL, &action) != 0 || action.sa_handler != SIG_DFL)
			return 1;
	if (sigaction(SIGPIPE, NULL, &action) != 0 || action.sa_handler != SIG_IGN)
		return 2;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int number = 1; number < 32; number++)
		if (sigismember(&mask, number) == 1)
			return 3;
	return FINE;
}

static int ends_by_sigterm(void)
{
	signal(SIGTERM, SIG_IGN);
	process_prepare();
	raise(SIGTERM);
	return 1;
}

/* The client went away: writing fails, and does not kill in the middle of a transaction. */
static int survives_sigpipe(void)
{
	int ends[2];
	if (pipe(ends) != 0 || dup2(ends[1], 1) != 1)
		return 1;
	close(ends[0]);
	signal(SIGPIPE, SIG_DFL);
	process_prepare();
	return write(1, "x", 1) < 0 ? FINE : 2;
}

static void test_signals(void **state)
{
	(void)state;
	assert_int_equal(run(ignored_and_blocked), FINE);
	assert_int_equal(run(ends_by_sigterm), -SIGTERM);
	assert_int_equal(run(survives_sigpipe), FINE);
}

/* ---- limits, environment */

static int limits(void)
{
	struct rlimit core;
	umask(0);
	process_prepare();
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0)
		return 1;
	if (umask(0) != 077)
		return 2;
	unsigned left = alarm(0);
	return left > 0 && left <= PROCESS_SECONDS ? FINE : 3;
}

static int environment(void)
{
	setenv("HTTP_PROXY", "http://evil.example/", 1);
	setenv("HTTPS_PROXY", "http://evil.example/", 1);
	setenv("ALL_PROXY", "http://evil.example/", 1);
	setenv("HTTP_HOST", "stays", 1);
	process_prepare();
	return !getenv("HTTP_PROXY") && !getenv("HTTPS_PROXY") && !getenv("ALL_PROXY") && getenv("HTTP_HOST") ? FINE : 1;
}

static void test_limits(void **state)
{
	(void)state;
	assert_int_equal(run(limits), FINE);
	assert_int_equal(run(environment), FINE);
}

/* ---- the end */

static void too_late(void)
{
	_exit(1);
}

static int leaves(void)
{
	atexit(too_late); /* handlers might close the database, which would checkpoint */
	process_leave(FINE);
}

static void test_leave(void **state)
{
	(void)state;
	assert_int_equal(run(leaves), FINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
