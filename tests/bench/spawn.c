/*
 * spawn ROUNDS NULL PROGRAM STATUS TEXT < requests: runs PROGRAM as a CGI program, once a round, and NULL before each
 * of its runs, so that a machine that becomes slower slows both. Prints what they cost as one JSON object.
 *
 * Requests: lines NAME=value (the environment), an empty line, a line that is the body (may be empty); the next request.
 * When they are over, they start again. Each answer must begin with "Status: STATUS" and contain TEXT.
 * The first rounds are not counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UP = 5, ROUNDS_MOST = 100000, VARIABLES_MOST = 64, ANSWER_MOST = 60000 };

/* Static, since the peak memory of a child begins with that of the process that started it. */
static char lines[VARIABLES_MOST + 1][16384];
static char answer[ANSWER_MOST + 1];

struct request {
	char *environment[VARIABLES_MOST + 1];
	const char *body;
};

struct run {
	double wall_us, cpu_us, memory_kib;
};

struct series {
	double *wall_us, *cpu_us;
	double memory_kib; /* the most */
};

static _Noreturn void __attribute__((format(printf, 1, 2))) die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "spawn: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
	va_end(arguments);
	exit(1);
}

/* A line without its end; false at the end of the input. */
static bool read_line(char *line, size_t size)
{
	if (!fgets(line, (int)size, stdin))
		return false;
	size_t length = strlen(line);
	if (length == 0 || line[length - 1] != '\n')
		die("a line is too long, or its end is missing");
	line[length - 1] = '\0';
	return true;
}

static void read_request(struct request *request)
{
	int count = 0;

	if (!read_line(lines[0], sizeof lines[0])) {
		rewind(stdin);
		if (!read_line(lines[0], sizeof lines[0]))
			die("there are no requests");
	}
	while (lines[count][0] != '\0') {
		request->environment[count] = lines[count];
		if (++count == VARIABLES_MOST)
			die("a request has too many variables");
		if (!read_line(lines[count], sizeof lines[count]))
			die("a request is cut short");
	}
	request->environment[count] = NULL;
	if (!read_line(lines[count], sizeof lines[count]))
		die("a request has no line for its body");
	request->body = lines[count];
}

static double microseconds(struct timeval time)
{
	return (double)time.tv_sec * 1e6 + (double)time.tv_usec;
}

static double now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* The reading end of a pipe that holds the body and ends after it. Bodies fit into a pipe. */
static int body_pipe(const char *body)
{
	int ends[2];
	size_t length = strlen(body);

	if (pipe2(ends, O_CLOEXEC) != 0 || write(ends[1], body, length) != (ssize_t)length)
		die("pipe: %s", strerror(errno));
	close(ends[1]);
	return ends[0];
}

/* One process from its start to its end. Its answer fits into a pipe, and is read when the clock has stopped. */
static struct run run_once(const char *program, const struct request *request)
{
	char *const argv[] = { (char *)program, NULL };
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	struct run run;
	int out[2], status, in = body_pipe(request->body);
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) != 0)
		die("pipe: %s", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);

	double start = now_us();
	int problem = posix_spawn(&pid, program, &actions, NULL, argv, request->environment);
	if (problem != 0)
		die("%s: %s", program, strerror(problem));
	if (wait4(pid, &status, 0, &usage) != pid)
		die("wait4: %s", strerror(errno));
	run.wall_us = now_us() - start;

	posix_spawn_file_actions_destroy(&actions);
	close(in);
	close(out[1]);
	size_t length = 0;
	for (ssize_t got; (got = read(out[0], answer + length, ANSWER_MOST - length)) > 0;)
		length += (size_t)got;
	close(out[0]);
	answer[length] = '\0';
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("%s ended with status %x; it said:\n%s", program, (unsigned)status, answer);
	run.cpu_us = microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
	run.memory_kib = (double)usage.ru_maxrss;
	return run;
}

static void check_answer(const char *program, const char *status, const char *text)
{
	static const char begin[] = "Status: ";
	size_t length = strlen(begin);

	if (strncmp(answer, begin, length) != 0 || strncmp(answer + length, status, strlen(status)) != 0 || !strstr(answer, text))
		die("%s did not answer with %s and %s, but:\n%s", program, status, text, answer);
}

static void add(struct series *series, long round, struct run run)
{
	if (run.memory_kib > series->memory_kib)
		series->memory_kib = run.memory_kib;
	if (round < 0)
		return;
	series->wall_us[round] = run.wall_us;
	series->cpu_us[round] = run.cpu_us;
}

static int compare(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

static void print_values(const char *name, double *values, long count)
{
	double sum = 0;

	qsort(values, (size_t)count, sizeof *values, compare);
	for (long i = 0; i < count; i++)
		sum += values[i];
	printf("\"%s\":{\"least\":%.1f,\"median\":%.1f,\"mean\":%.1f,\"p90\":%.1f,\"p99\":%.1f}", name, values[0],
		values[count / 2], sum / (double)count, values[count * 90 / 100], values[count * 99 / 100]);
}

static void print_series(const char *name, struct series *series, long count)
{
	printf("\"%s\":{", name);
	print_values("wall_us", series->wall_us, count);
	printf(",");
	print_values("cpu_us", series->cpu_us, count);
	printf(",\"memory_kib\":%.0f}", series->memory_kib);
}

static struct series create_series(long count)
{
	struct series series = { calloc((size_t)count, sizeof(double)), calloc((size_t)count, sizeof(double)), 0 };

	if (!series.wall_us || !series.cpu_us)
		die("no memory");
	return series;
}

int main(int argc, char **argv)
{
	char *end;
	long rounds = argc == 6 ? strtol(argv[1], &end, 10) : 0;

	if (rounds < 1 || rounds > ROUNDS_MOST || *end) {
		fprintf(stderr, "usage: spawn ROUNDS NULL PROGRAM STATUS TEXT < requests\n");
		return 2;
	}
	struct series floor = create_series(rounds), program = create_series(rounds);
	struct request request;

	for (long round = -WARM_UP; round < rounds; round++) {
		read_request(&request);
		add(&floor, round, run_once(argv[2], &request));
		check_answer(argv[2], "200", "ok");
		add(&program, round, run_once(argv[3], &request));
		check_answer(argv[3], argv[4], argv[5]);
	}
	printf("{\"rounds\":%ld,", rounds);
	print_series("null", &floor, rounds);
	printf(",");
	print_series("program", &program, rounds);
	printf("}\n");
	return 0;
}
