/* Requests, made by a program of their own: libcurl brings an OpenSSL that must not meet the one inside this program. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/doctor/doctor.h"
#include "lib/base/json.h"
#include "lib/base/text.h"

enum { OUTPUT_MOST = 256 * 1024, WORDS_MOST = 24 };

long file_start(const char *path, void *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t length = fd < 0 ? -1 : read(fd, out, size);

	if (fd >= 0)
		close(fd);
	return (long)length;
}

static _Noreturn void become(const char *const *words, int output)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		_exit(127);
	close_range(3, ~0U, 0);
	signal(SIGPIPE, SIG_DFL);
	execv(words[0], (char *const *)(const void *)words);
	_exit(127);
}

char *run_program(struct doctor *d, const char *const *words, size_t limit, size_t *length, int *status)
{
	char *text = arena_alloc(d->arena, limit + 1);
	int ends[2], ended = 0;
	ssize_t got = 1;
	pid_t child;

	*length = 0;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return NULL;
	child = fork();
	if (child == 0)
		become(words, ends[1]);
	close(ends[1]);
	while (child > 0 && *length < limit && (got > 0 || (got < 0 && errno == EINTR))) {
		got = read(ends[0], text + *length, limit - *length);
		if (got > 0)
			*length += (size_t)got;
	}
	close(ends[0]);
	while (child > 0 && waitpid(child, &ended, 0) < 0 && errno == EINTR)
		;
	if (child < 0 || !WIFEXITED(ended) || WEXITSTATUS(ended) == 127)
		return NULL;
	*status = WEXITSTATUS(ended);
	return text;
}

/* bin/latchkey has it in lib/latchkey beside bin, where it was built and where it is installed. */
static const char *probe_path(struct doctor *d)
{
	char own[PATH_MAX] = { 0 };
	ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);

	for (int levels = 0; length > 0 && levels < 2; levels++) {
		char *slash = strrchr(own, '/');

		if (slash)
			*slash = '\0';
	}
	return arena_format(d->arena, "%s/lib/latchkey/probe", own);
}

char *run_probe(struct doctor *d, const char *const *words, size_t *length, int *status)
{
	const char *line[WORDS_MOST + 2] = { probe_path(d) };

	for (int i = 0; words[i] && i < WORDS_MOST; i++)
		line[i + 1] = words[i];
	return run_program(d, line, OUTPUT_MOST, length, status);
}

/* "name value" lines, an empty one, the header, an empty line, the body: as commands/probe writes it. */
static void read_answer(struct doctor *d, char *text, size_t length, struct answer *answer)
{
	char *rest = text, *end;

	while (*rest && *rest != '\n') {
		size_t line = strcspn(rest, "\n");

		if (text_starts_with(rest, "curl "))
			answer->curl = (int)strtol(rest + 5, NULL, 10);
		else if (text_starts_with(rest, "error "))
			answer->error = arena_copy(d->arena, rest + 6, line - 6);
		else if (text_starts_with(rest, "status "))
			answer->status = (int)strtol(rest + 7, NULL, 10);
		else if (text_starts_with(rest, "expires "))
			answer->expires = strtoll(rest + 8, NULL, 10);
		rest += line + (rest[line] == '\n');
	}
	rest += *rest == '\n';
	end = strstr(rest, "\n\n");
	if (!end)
		return;
	answer->headers = arena_copy(d->arena, rest, (size_t)(end - rest) + 1);
	answer->body = end + 2;
	answer->length = length - (size_t)(answer->body - text);
}

static const struct answer *ask(struct doctor *d, const char *method, const char *url, const char *header, const char *body,
	bool verified)
{
	struct answer *answer = arena_alloc(d->arena, sizeof *answer);
	const char *words[WORDS_MOST] = { "http", method, url };
	const char *ca = cli_option(d->cli, "ca-file"), *connect = cli_option(d->cli, "connect");
	int count = 3, status = 0;
	size_t length;

	const struct { const char *name, *value; } options[] = { { "--header", header }, { "--body", body }, { "--ca-file", ca },
		{ "--connect", connect } };
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		if (!options[i].value)
			continue;
		words[count++] = options[i].name;
		words[count++] = options[i].value;
	}
	if (!verified)
		words[count++] = "--insecure";
	*answer = (struct answer){ .curl = -1, .error = "the program that asks the network cannot be started", .headers = "", .body = "" };
	char *text = run_probe(d, words, &length, &status);
	if (text)
		read_answer(d, text, length, answer);
	return answer;
}

const struct answer *fetch(struct doctor *d, const char *method, const char *url, const char *header, const char *body)
{
	return ask(d, method, url, header, body, false);
}

const struct answer *fetch_verified(struct doctor *d, const char *url)
{
	return ask(d, "GET", url, NULL, NULL, true);
}

const char *answer_header(struct doctor *d, const struct answer *answer, const char *name)
{
	for (const char *line = answer->headers; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t length = strcspn(line, ":\n");

		if (line[length] != ':' || length != strlen(name) || strncasecmp(line, name, length) != 0)
			continue;
		const char *value = line + length + 1 + strspn(line + length + 1, " \t");
		return arena_copy(d->arena, value, strcspn(value, "\r\n"));
	}
	return "";
}

const char *answer_member(struct doctor *d, const struct answer *answer, const char *name)
{
	const struct cJSON *object = json_parse(d->arena, answer->body, answer->length, NULL);

	return object ? json_string(json_member(object, name)) : NULL;
}
