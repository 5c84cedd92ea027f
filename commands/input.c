#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "commands/cli.h"
#include "lib/base/utf8.h"

enum { INPUT_LONGEST = 65536, LINE_LONGEST = 2048, PASSPHRASE_SHORTEST = 15 };

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

/* The first line of a file. */
static const char *passphrase_of_file(struct arena *arena, const char *path)
{
	char *text = arena_alloc(arena, LINE_LONGEST + 2), *end;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat status;
	ssize_t got = 0;
	size_t length = 0;

	if (fd < 0 || fstat(fd, &status) != 0)
		cli_fail("%s cannot be read: %s.", path, strerror(errno));
	if (S_ISREG(status.st_mode) && (status.st_mode & 077) != 0)
		cli_fail("%s is open to other users: run `chmod 600`.", path);
	while (length <= LINE_LONGEST && (got = read_some(fd, text + length, LINE_LONGEST + 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	if (got < 0)
		cli_fail("%s cannot be read: %s.", path, strerror(errno));
	end = memchr(text, '\n', length);
	length = end ? (size_t)(end - text) : length;
	if (length > LINE_LONGEST)
		cli_fail("The first line of %s is too long for a passphrase.", path);
	length -= length > 0 && text[length - 1] == '\r';
	text[length] = '\0';
	if (strlen(text) != length || !utf8_valid(text, length))
		cli_fail("The first line of %s is no text in UTF-8.", path);
	return text;
}

const char *input_passphrase(struct cli *cli, bool is_new)
{
	const char *path = cli_option(cli, "passphrase-file"), *passphrase = NULL;

	if (path && cli_option(cli, "passphrase-stdin"))
		cli_usage(cli->command, "--passphrase-stdin and --passphrase-file exclude one another.");
	if (path)
		passphrase = passphrase_of_file(cli->arena, path);
	else if (cli_option(cli, "passphrase-stdin") && !isatty(STDIN_FILENO)) {
		if (!read_line(cli->arena, &passphrase))
			cli_fail("Standard input is empty: its first line must be the passphrase.");
	} else if (isatty(STDIN_FILENO)) {
		passphrase = ask(cli->arena, "Passphrase");
		if (is_new && strcmp(passphrase, ask(cli->arena, "The same passphrase again")) != 0)
			cli_fail("The two passphrases differ, nothing was done.");
	} else {
		cli_fail("Standard input is no terminal to ask for a passphrase at: use --passphrase-file or --passphrase-stdin.");
	}
	if (is_new && utf8_count(passphrase) < PASSPHRASE_SHORTEST)
		cli_fail("The passphrase is too short: at least %d characters. All keys are under it.", PASSPHRASE_SHORTEST);
	return passphrase;
}
