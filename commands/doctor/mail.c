#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/doctor/doctor.h"
#include "lib/base/email_address.h"
#include "lib/base/text.h"
#include "lib/records/outbox_store.h"

enum { LATE = 3600 };

static void look_at_smtp(struct doctor *d)
{
	const struct config *c = d->config;

	if (!text_starts_with(c->mail_smtp_url, "smtp://") && !text_starts_with(c->mail_smtp_url, "smtps://"))
		problem(d, "Set `mail_smtp_url = smtps://HOST:465` or `smtp://HOST:587`.", "mail_smtp_url is no URL of SMTP.");
	if (c->mail_smtp_user && !c->mail_smtp_password_file)
		problem(d, "Set `mail_smtp_password_file` to a file that the endpoints' user alone can read.",
			"mail_smtp_user is set, but no password.");
	if (!c->mail_smtp_user && c->mail_smtp_password_file)
		advise(d, "Set `mail_smtp_user`.", "mail_smtp_password_file is set, but no user: the password is not used.");
	if (c->mail_smtp_password_file && access(c->mail_smtp_password_file, R_OK) != 0)
		problem(d, "Put the password there, or correct `mail_smtp_password_file`.", "%s: %s.", c->mail_smtp_password_file,
			strerror(errno));
	if (c->mail_smtp_ca_file && access(c->mail_smtp_ca_file, R_OK) != 0)
		problem(d, "Put the certificates there, or correct `mail_smtp_ca_file`.", "%s: %s.", c->mail_smtp_ca_file, strerror(errno));
}

void check_mail_settings(struct doctor *d)
{
	const struct config *c = d->config;

	if (c->mail_from && !email_address_is_plain(c->mail_from))
		problem(d, "Set `mail_from = noreply@example.org`: one plain address, without a name.",
			"mail_from is no plain address: no mail can be sent.");
	if (c->mail_sendmail && access(c->mail_sendmail, X_OK) != 0)
		problem(d, "Install a mail server that has it, or correct `mail_sendmail`.", "%s cannot be run: %s.", c->mail_sendmail,
			strerror(errno));
	if (c->mail_sendmail && c->mail_smtp_url)
		advise(d, "Take one of `mail_sendmail` and `mail_smtp_url` out.",
			"mail_sendmail and mail_smtp_url are both set: sendmail is used.");
	if (!c->mail_sendmail && c->mail_smtp_url)
		look_at_smtp(d);
	if (!c->mail_sendmail && !c->mail_smtp_url && !is_local(c))
		advise(d, "Set `mail_smtp_url`, or `mail_sendmail = /usr/sbin/sendmail`.",
			"Mails are written to the folder mail/sent: nobody gets the links that reset passwords.");
	if (!c->mail_sendmail && !c->mail_smtp_url)
		fine(d, "Mails are written to the folder mail/sent.");
	else
		fine(d, "Mails go to %s.", c->mail_sendmail ? c->mail_sendmail : "the server of mail_smtp_url");
}

void check_mail_server(struct doctor *d)
{
	static const char *const words[] = { "mail", NULL };
	size_t length;
	int status = 0;

	if (d->config->mail_sendmail || !d->config->mail_smtp_url) {
		fine(d, "None is set.");
		return;
	}
	const char *said = run_probe(d, words, &length, &status);
	if (!said)
		problem(d, "Reinstall: `make install`.", "The program that asks the network cannot be started.");
	else if (status != 0)
		problem(d, "Check host, port, certificate, user and password: `mail_smtp_url`, `mail_smtp_ca_file`, `mail_smtp_user`, "
			"`mail_smtp_password_file`.",
			"The mail server cannot be used: %.*s.", (int)strcspn(said, "\n"), said);
	else
		fine(d, "The mail server takes the connection%s; nothing was sent.", d->config->mail_smtp_user ? " and the password" : "");
}

/* A FIFO opens for writing, without waiting, if it has a reader. Nothing is written. */
void check_deliver(struct doctor *d)
{
	const char *path = config_file(d->arena, d->config, "mail/wake");
	struct stat status;

	if (lstat(path, &status) != 0 || !S_ISFIFO(status.st_mode)) {
		problem(d, arena_format(d->arena, "`latchkey init --directory %s --issuer %s` makes it, once anything else there is moved "
			"away.", d->config->directory,
			d->config->issuer), "%s is no FIFO: endpoints cannot wake deliver.", path);
		return;
	}
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENXIO)
		advise(d, "`systemctl enable --now latchkey-deliver`, or for cron every minute: `latchkey-deliver --once`.",
			"No deliver is watching: mails wait until cron sends them.");
	else if (fd < 0)
		problem(d, "Run `latchkey doctor` as the owner of the installation; if it is: `chmod 600` that file.", "%s: %s.", path,
			strerror(errno));
	else
		fine(d, "deliver is watching.");
	if (fd >= 0)
		close(fd);
}

void check_outbox(struct doctor *d)
{
	int64_t untried = outbox_count_before(d->database, d->cli->now - LATE, false);
	int64_t tried = outbox_count_before(d->database, d->cli->now - LATE, true);

	if (untried)
		problem(d, "Start deliver: `systemctl enable --now latchkey-deliver`, or see what it says: `latchkey-deliver --once`.",
			"%lld mails have waited for more than an hour, and nobody tried to send them.", (long long)untried);
	else if (tried)
		advise(d, "`latchkey audit --event mail.failed`, and deliver's log, tell why.",
			"%lld mails could not be sent for more than an hour; they are tried again.",
			(long long)tried);
	else
		fine(d, "No mail waits for long.");
}
