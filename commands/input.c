#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "commands/cli.h"
#include "lib/base/utf8.h"

enum { INPUT_LONGEST = 65536, LINE_LONGEST = 2048 };

static struct termios terminal_before;

/* Ctrl-C while the echo is off would leave the shell without one. */
static void on_signal(int number)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
	_exit(128 + number);
}

static ssize_t read_some(int fd, char *out, size_t room)
{
	ssize_t got;

	do
		got = read(fd, out, room);
	while (got < 0 && errno == EINTR);
	return got;
}

char *input_read(struct arena *arena, const char *path, size_t *length)
{
	char *text = arena_alloc(arena, INPUT_LONGEST + 1);
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 0;

	if (fd < 0)
		cli_fail("%s cannot be read: %s.", path, strerror(errno));
	if (fd == STDIN_FILENO && isatty(fd))
		cli_fail("Standard input is a terminal: send it a file (< FILE), or name a file.");
	*length = 0;
	while (*length <= INPUT_LONGEST && (got = read_some(fd, text + *length, INPUT_LONGEST + 1 - *length)) > 0)
		*length += (size_t)got;
	if (got < 0)
		cli_fail("%s cannot be read: %s.", path, strerror(errno));
	if (*length > INPUT_LONGEST)
		cli_fail("%s is longer than %d bytes.", path, INPUT_LONGEST);
	if (fd != STDIN_FILENO)
		close(fd);
	text[*length] = '\0';
	return text;
}

/* One line byte by byte, so that nothing behind it is swallowed. False at the end of input. */
static bool read_line(struct arena *arena, const char **line)
{
	char *text = arena_alloc(arena, LINE_LONGEST + 1);
	size_t length = 0;
	ssize_t got;

	while ((got = read_some(STDIN_FILENO, text + length, 1)) == 1 && text[length] != '\n') {
		if (text[length] == '\0')
			cli_fail("A password cannot have a NUL byte in it.");
		if (++length == LINE_LONGEST)
			cli_fail("A password of more than %d bytes is too long.", LINE_LONGEST);
	}
	if (got < 0)
		cli_fail("Standard input cannot be read: %s.", strerror(errno));
	if (got == 1 && length > 0 && text[length - 1] == '\r')
		length--;
	text[length] = '\0';
	if (!utf8_valid(text, length))
		cli_fail("The password is no valid UTF-8: set the terminal or the file to UTF-8.");
	*line = text;
	return got == 1 || length > 0;
}

static const char *ask(struct arena *arena, const char *question)
{
	struct sigaction action = { .sa_handler = on_signal }, interrupt, terminate;
	struct termios silent;
	const char *answer;
	bool answered;

	if (tcgetattr(STDIN_FILENO, &terminal_before) != 0)
		cli_fail("The terminal does not answer: use --password-stdin.");
	sigaction(SIGINT, &action, &interrupt);
	sigaction(SIGTERM, &action, &terminate);
	silent = terminal_before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	fprintf(stderr, "%s: ", question);
	answered = read_line(arena, &answer);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGTERM, &terminate, NULL);
	fputc('\n', stderr);
	if (!answered)
		cli_fail("No password was entered, nothing was changed.");
	return answer;
}

const char *input_password(struct cli *cli, bool from_stdin)
{
	const char *password;

	if (from_stdin) {
		if (isatty(STDIN_FILENO))
			return ask(cli->arena, "Password");
		if (!read_line(cli->arena, &password))
			cli_fail("Standard input is empty: its first line must be the password.");
		return password;
	}
	if (!isatty(STDIN_FILENO))
		return NULL;
	password = ask(cli->arena, "Password");
	if (strcmp(password, ask(cli->arena, "The same password again")) != 0)
		cli_fail("The two passwords differ, nothing was changed.");
	return password;
}
