/* The ways out of a mail: the system's sendmail, an SMTP server, or a folder. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/deliver/deliver.h"
#include "lib/base/file_io.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/crypto/random.h"

enum { CONNECT_SECONDS = 20, PASSWORD_LONGEST = 1024, NAMES_MOST = 1000 };

struct sender {
	const struct config *config;
	const char *from;
	const char *url;      /* of SMTP, with the name for EHLO */
	const char *password;
	bool loopback;
	CURL *curl;
	curl_socket_t socket;
};

/* ---- sendmail */

static void without_carriage_returns(struct buffer *out, const struct buffer *message)
{
	for (size_t i = 0; i < message->length; i++)
		if (message->data[i] != '\r')
			buffer_char(out, message->data[i]);
}

static _Noreturn void become_sendmail(const char *program, int input)
{
	const char *const arguments[] = { program, "-t", "-i", NULL };

	/* What the program prints is no output of ours. */
	if (dup2(input, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(127);
	close_range(3, ~0U, 0);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTERM, SIG_IGN); /* it has the mail, or has not: nobody could tell after a signal to the group */
	alarm(SENDING_SECONDS);
	execv(program, (char *const *)(const void *)arguments);
	_exit(127);
}

static enum sending by_sendmail(const struct sender *sender, struct arena *arena, const struct buffer *message, const char **why)
{
	struct buffer text = buffer_create(arena, message->length + 1);
	int ends[2], status = 0;
	bool written;
	pid_t child;

	without_carriage_returns(&text, message);
	*why = "no process could be started";
	if (pipe2(ends, O_CLOEXEC) != 0)
		return SENDING_FAILED;
	child = fork();
	if (child == 0)
		become_sendmail(sender->config->mail_sendmail, ends[0]);
	close(ends[0]);
	written = child > 0 && file_write_all(ends[1], text.data, text.length);
	close(ends[1]);
	if (child < 0)
		return SENDING_FAILED;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (written && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return SENDING_DONE;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		*why = "mail_sendmail cannot be started";
	else if (WIFEXITED(status))
		*why = arena_format(arena, "mail_sendmail ended with %d", WEXITSTATUS(status));
	else
		*why = arena_format(arena, "mail_sendmail was ended by signal %d", WTERMSIG(status));
	return SENDING_FAILED;
}

/* ---- SMTP */

struct reading {
	const struct buffer *message;
	size_t at;
};

static size_t read_message(char *out, size_t size, size_t count, void *context)
{
	struct reading *reading = context;
	size_t length = reading->message->length - reading->at;

	if (length > size * count)
		length = size * count;
	memcpy(out, reading->message->data + reading->at, length);
	reading->at += length;
	return length;
}

static int note_socket(void *context, curl_socket_t opened, curlsocktype purpose)
{
	(void)purpose;
	((struct sender *)context)->socket = opened;
	return CURL_SOCKOPT_OK;
}

/* libcurl would still say QUIT and wait for the answer: without the line it does not. */
static int may_go_on(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct sender *sender = context;

	(void)a, (void)b, (void)c, (void)d;
	if (deliver_stops && sender->socket >= 0)
		shutdown(sender->socket, SHUT_RDWR);
	return deliver_stops;
}

static void set_server(const struct sender *sender)
{
	const struct config *config = sender->config;

	curl_easy_setopt(sender->curl, CURLOPT_URL, sender->url);
	curl_easy_setopt(sender->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(sender->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(sender->curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	/* Without TLS anybody on the way could read the links; a server on this very machine has no way. */
	curl_easy_setopt(sender->curl, CURLOPT_USE_SSL, (long)(sender->loopback ? CURLUSESSL_TRY : CURLUSESSL_ALL));
	curl_easy_setopt(sender->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* Debian's mail servers offer STARTTLS with a certificate of their own making. */
	bool verifies = !sender->loopback || config->mail_smtp_ca_file;
	curl_easy_setopt(sender->curl, CURLOPT_SSL_VERIFYPEER, verifies ? 1L : 0L);
	curl_easy_setopt(sender->curl, CURLOPT_SSL_VERIFYHOST, verifies ? 2L : 0L);
	/* libcurl itself knows neither SSL_CERT_FILE nor CURL_CA_BUNDLE. */
	if (config->mail_smtp_ca_file) {
		curl_easy_setopt(sender->curl, CURLOPT_CAINFO, config->mail_smtp_ca_file);
		curl_easy_setopt(sender->curl, CURLOPT_CAPATH, NULL);
	}
	if (config->mail_smtp_user) {
		curl_easy_setopt(sender->curl, CURLOPT_USERNAME, config->mail_smtp_user);
		curl_easy_setopt(sender->curl, CURLOPT_PASSWORD, sender->password ? sender->password : "");
	}
}

static enum sending by_smtp(struct sender *sender, struct arena *arena, const struct letter *letter,
	const struct buffer *message, const char **why)
{
	struct reading reading = { .message = message };
	struct curl_slist *recipients = curl_slist_append(NULL, letter->to);
	CURLcode result = CURLE_OUT_OF_MEMORY;
	long reply = 0;

	curl_easy_reset(sender->curl); /* connections stay */
	set_server(sender);
	curl_easy_setopt(sender->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(sender->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(sender->curl, CURLOPT_TIMEOUT, (long)SENDING_SECONDS);
	curl_easy_setopt(sender->curl, CURLOPT_MAIL_FROM, sender->from);
	curl_easy_setopt(sender->curl, CURLOPT_MAIL_RCPT, recipients);
	curl_easy_setopt(sender->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(sender->curl, CURLOPT_READFUNCTION, read_message);
	curl_easy_setopt(sender->curl, CURLOPT_READDATA, &reading);
	curl_easy_setopt(sender->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(sender->curl, CURLOPT_XFERINFOFUNCTION, may_go_on);
	curl_easy_setopt(sender->curl, CURLOPT_XFERINFODATA, sender);
	curl_easy_setopt(sender->curl, CURLOPT_SOCKOPTFUNCTION, note_socket);
	curl_easy_setopt(sender->curl, CURLOPT_SOCKOPTDATA, sender);
	if (recipients)
		result = curl_easy_perform(sender->curl);
	curl_easy_getinfo(sender->curl, CURLINFO_RESPONSE_CODE, &reply);
	curl_slist_free_all(recipients);
	if (result == CURLE_OK)
		return SENDING_DONE;
	*why = arena_format(arena, "%s (the last reply was %ld)", curl_easy_strerror(result), reply);
	return deliver_stops ? SENDING_INTERRUPTED : SENDING_FAILED;
}

bool sender_check(struct sender *sender, struct arena *arena, const char **why)
{
	CURLcode result;

	if (!sender->curl)
		return true;
	curl_easy_reset(sender->curl);
	set_server(sender);
	curl_easy_setopt(sender->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(sender->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(sender->curl, CURLOPT_TIMEOUT, (long)(2 * CONNECT_SECONDS));
	/* Ends after the greeting, STARTTLS and the authentication. */
	curl_easy_setopt(sender->curl, CURLOPT_CONNECT_ONLY, 1L);
	result = curl_easy_perform(sender->curl);
	*why = arena_text(arena, curl_easy_strerror(result));
	return result == CURLE_OK;
}

/* ---- the folder */

/* By root's cron: what it makes belongs to whom the folder around it belongs to. */
static void give(int fd, const struct stat *folder)
{
	if (geteuid() == 0 && folder->st_uid != 0 && fchown(fd, folder->st_uid, folder->st_gid) != 0)
		return; /* it is root's then, and still readable for who asked root to send */
}

static int open_folder(const struct config *config, struct arena *arena, struct stat *status)
{
	const char *path = config_file(arena, config, "mail/sent");
	bool made = mkdir(path, 0700) == 0;
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (folder < 0)
		return folder;
	if (made && stat(config_file(arena, config, "mail"), status) == 0)
		give(folder, status);
	if (fstat(folder, status) == 0)
		return folder;
	close(folder);
	return -1;
}

static bool write_file(int folder, const char *name, const struct stat *owner, const struct buffer *message)
{
	int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool written;

	if (file < 0)
		return false;
	give(file, owner);
	written = file_write_all(file, message->data, message->length) && fsync(file) == 0;
	close(file);
	return written;
}

static enum sending by_folder(const struct sender *sender, struct arena *arena, const struct letter *letter,
	const struct buffer *message, const char **why)
{
	struct stat status;
	const char *beside = arena_format(arena, ".%s", random_alphanumeric(arena, 16));
	int folder = open_folder(sender->config, arena, &status), linked = -1;

	*why = "the folder mail/sent cannot be written";
	if (folder < 0)
		return SENDING_FAILED;
	if (write_file(folder, beside, &status, message)) {
		/* link() never takes the place of another mail of the same moment. */
		for (int n = 1; linked != 0 && n <= NAMES_MOST; n++) {
			linked = linkat(folder, beside, folder, arena_format(arena, "%013lld-%s-%d.eml",
				(long long)clock_milliseconds(), letter->kind, n), 0);
			if (linked != 0 && errno != EEXIST)
				break;
		}
	}
	unlinkat(folder, beside, 0);
	if (linked == 0)
		fsync(folder);
	close(folder);
	return linked == 0 ? SENDING_DONE : SENDING_FAILED;
}

/* ---- */

static const char *read_password(struct arena *arena, const char *path)
{
	char *text = arena_alloc(arena, PASSWORD_LONGEST + 1);
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got = file < 0 ? -1 : read(file, text, PASSWORD_LONGEST);

	if (file >= 0)
		close(file);
	if (got < 0)
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	return text;
}

static bool is_loopback(const char *host)
{
	size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == length && strncmp(names[i], host, length) == 0)
			return true;
	return false;
}

static bool prepare_smtp(struct sender *sender, struct arena *arena, const char **error)
{
	const struct config *config = sender->config;
	const char *url = config->mail_smtp_url;
	bool plain = text_starts_with(url, "smtp://");
	const char *host = url + strlen(plain ? "smtp://" : "smtps://");

	*error = "mail_smtp_url must be smtp://HOST:PORT or smtps://HOST:PORT";
	if ((!plain && !text_starts_with(url, "smtps://")) || !*host || strpbrk(host, "@?# "))
		return false;
	sender->loopback = plain && is_loopback(host);
	sender->url = strchr(host, '/') ? url : arena_format(arena, "%s/%s", url,
		*mail_domain(arena, config) == '[' ? "localhost" : mail_domain(arena, config));
	if (config->mail_smtp_password_file) {
		*error = "mail_smtp_password_file cannot be read";
		sender->password = read_password(arena, config->mail_smtp_password_file);
		if (!sender->password)
			return false;
	}
	*error = "libcurl cannot be started";
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return false;
	sender->curl = curl_easy_init();
	return sender->curl != NULL;
}

struct sender *sender_create(struct arena *arena, const struct config *config, const char **error)
{
	struct sender *sender = arena_alloc(arena, sizeof *sender);

	sender->config = config;
	sender->socket = -1;
	sender->from = mail_sender(arena, config);
	*error = "mail_from is no plain address";
	if (!sender->from)
		return NULL;
	if (!config->mail_sendmail && config->mail_smtp_url && !prepare_smtp(sender, arena, error))
		return NULL;
	return sender;
}

void sender_end(struct sender *sender)
{
	if (!sender->curl)
		return;
	curl_easy_cleanup(sender->curl);
	curl_global_cleanup();
}

enum sending sender_send(struct sender *sender, struct arena *arena, const struct letter *letter,
	const struct buffer *message, const char **why)
{
	if (sender->config->mail_sendmail)
		return by_sendmail(sender, arena, message, why);
	if (sender->curl)
		return by_smtp(sender, arena, letter, message, why);
	return by_folder(sender, arena, letter, message, why);
}
