#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/doctor/doctor.h"
#include "lib/base/text.h"

enum { OWASP_MEMORY = 19456, OWASP_ITERATIONS = 2, ITERATIONS_WITH_LESS = 5, LESS_MEMORY = 7168 };

/* RFC 6761 6.3, RFC 1122 3.2.1.3: what never leaves the machine. */
bool is_local(const struct config *config)
{
	const char *host = strstr(config->issuer, "://") + 3;
	size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	char name[256] = { 0 };

	if (length >= sizeof name)
		return false;
	memcpy(name, host, length);
	return text_equal(name, "localhost") || text_ends_with(name, ".localhost") || text_equal(name, "[::1]")
		|| (text_starts_with(name, "127.") && strspn(name, "0123456789.") == length);
}

void check_config_file(struct doctor *d)
{
	const char *error = NULL;
	const char *path = config_path();

	d->config = d->cli->config = config_load(d->arena, path, &error);
	if (d->config)
		fine(d, "%s can be read.", path);
	else if (access(path, F_OK) != 0)
		problem(d, "Name the configuration: `export LATCHKEY_CONFIG=…/latchkey.conf`, or make an installation: `latchkey init`.", "%s.",
			error);
	else
		problem(d, "Correct that in the configuration; latchkey.conf(5) describes every key.", "%s.", error);
}

void check_issuer(struct doctor *d)
{
	if (config_is_https(d->config))
		fine(d, "The issuer is %s.", d->config->issuer);
	else if (is_local(d->config))
		fine(d, "The issuer is %s: http, but this machine alone.", d->config->issuer);
	else
		problem(d, arena_format(d->arena, "Get a certificate, set `issuer = https%s` and run `latchkey publish`; clients follow.",
			d->config->issuer + 4),
			"The issuer %s is not https: passwords and tokens can be read on the way, and cookies are not Secure.", d->config->issuer);
}

static void check_folder(struct doctor *d, const char *name)
{
	const char *path = config_file(d->arena, d->config, name);
	struct stat status;

	if (lstat(path, &status) != 0)
		problem(d, arena_format(d->arena, "Make what is missing: `latchkey init --directory %s --issuer %s`.", d->config->directory,
			d->config->issuer),
			"%s: %s.", path, strerror(errno));
	else if (!S_ISDIR(status.st_mode))
		problem(d, "Put a folder of its own there; a link may lead where other rules hold.", "%s is no folder.", path);
}

void check_folders(struct doctor *d)
{
	static const char *const names[] = { "database", "keys", "keys/signing", "well-known", "mail", "mail/sent" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		check_folder(d, names[i]);
	fine(d, "database, keys, well-known and mail lie side by side in %s.", d->config->directory);
}

void check_proxies(struct doctor *d)
{
	unsigned char address[16];
	int count = 0;

	for (const char *cursor = d->config->trusted_proxies, *word; (word = words_next(d->arena, &cursor)); count++)
		if (inet_pton(AF_INET, word, address) != 1 && inet_pton(AF_INET6, word, address) != 1)
			problem(d, "Write plain addresses into `trusted_proxies`: 192.0.2.1 or 2001:db8::1, no names and no networks.",
				"%s in trusted_proxies is no address, so nobody is trusted by it.", word);
	if (count == 0)
		fine(d, "No proxy is trusted: X-Forwarded-For is ignored.");
	else
		fine(d, "%d proxies are trusted.", count);
}

void check_limits(struct doctor *d)
{
	const struct config *c = d->config;

	if (c->argon2_memory_kib < LESS_MEMORY || (c->argon2_memory_kib < OWASP_MEMORY && c->argon2_iterations < ITERATIONS_WITH_LESS)
		|| c->argon2_iterations < OWASP_ITERATIONS)
		advise(d, "Set `argon2_memory_kib = 19456` and `argon2_iterations = 2`, or more.",
			"Passwords are hashed with less work than OWASP wants: a stolen database is guessed sooner.");
	if (c->login_limit_account == 0 || c->login_limit_address == 0)
		advise(d, "Set `login_limit_account = 20` and `login_limit_address = 100`.", "Failed sign-ins are not limited.");
	fine(d, "Argon2id takes %lld KiB and %lld passes; failed sign-ins are limited.", (long long)c->argon2_memory_kib,
		(long long)c->argon2_iterations);
}

void check_breached(struct doctor *d)
{
	const char *path = d->config->breached_passwords;

	if (!path)
		fine(d, "None is set.");
	else if (access(path, R_OK) != 0)
		problem(d, "Put the file there, or correct `breached_passwords`: without it nobody can set a password.", "%s: %s.", path,
			strerror(errno));
	else
		fine(d, "%s is there.", path);
}
