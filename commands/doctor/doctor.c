/* latchkey doctor: the table of checks, and what is said about them. */
#include "commands/doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "commands/commands.h"
#include "lib/base/clock.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"

const struct command_option doctor_options[] = {
	{ "offline", OPTION_FLAG, NULL, "Asks neither the own web server nor a mail server." },
	{ "quiet", OPTION_FLAG, NULL, "Shows advice and problems alone. For cron." },
	{ "ca-file", OPTION_VALUE, "FILE", "Certificates (PEM) that vouch for the issuer's: for one with a private authority." },
	{ "connect", OPTION_VALUE, "HOST:PORT", "Where the issuer's server is to be reached meanwhile: before its DNS record is there." },
	{ 0 },
};

static const struct check checks[] = {
	{ "config.file", "the configuration can be read and has no error", NEEDS_NOTHING, check_config_file },
	{ "config.issuer", "the issuer is https unless it is this machine", NEEDS_CONFIG, check_issuer },
	{ "config.folders", "the folders of the installation lie side by side", NEEDS_CONFIG, check_folders },
	{ "config.proxies", "trusted_proxies are addresses", NEEDS_CONFIG, check_proxies },
	{ "config.limits", "guessing passwords is slow and limited", NEEDS_CONFIG, check_limits },
	{ "config.breached_passwords", "the list of breached passwords is there", NEEDS_CONFIG, check_breached },
	{ "files.access", "this command may look at everything", NEEDS_CONFIG, check_runner },
	{ "files.modes", "nobody else reads the database, the keys and the mails", NEEDS_CONFIG, check_modes },
	{ "files.owners", "everything belongs to the user of the endpoints", NEEDS_CONFIG, check_owners },
	{ "files.log", "the log can be written", NEEDS_CONFIG, check_log },
	{ "disk.space", "there is room to write", NEEDS_CONFIG, check_space },
	{ "disk.file_system", "the database lies on a disk of this machine", NEEDS_CONFIG, check_file_system },
	{ "database.opens", "the database opens and has this program's schema", NEEDS_CONFIG, check_database_opens },
	{ "database.integrity", "the database file is whole (quick_check)", NEEDS_DATABASE, check_integrity },
	{ "database.references", "no row points to one that is gone", NEEDS_DATABASE, check_references },
	{ "database.wal", "the log of writes is emptied regularly", NEEDS_DATABASE, check_wal },
	{ "database.sqlite", "the version of SQLite", NEEDS_NOTHING, check_sqlite },
	{ "keys.files", "the keys that seal secrets are there and closed", NEEDS_CONFIG, check_seal_keys },
	{ "keys.signing", "every algorithm in use has a key that signs", NEEDS_DATABASE, check_signing_keys },
	{ "keys.next", "every algorithm has its next key, and keys change", NEEDS_DATABASE, check_next_keys },
	{ "keys.published", "the well-known files say what is true now", NEEDS_DATABASE, check_published },
	{ "clock.year", "the clock is plausible", NEEDS_NOTHING, check_clock },
	{ "clock.records", "nothing was written in the future", NEEDS_DATABASE, check_records },
	{ "clock.ntp", "the clock is synchronised", NEEDS_NOTHING, check_ntp },
	{ "gc.age", "gc runs regularly", NEEDS_DATABASE, check_gc },
	{ "audit.chain", "nobody changed the audit log", NEEDS_DATABASE, check_audit },
	{ "kernel.sandbox", "the kernel can lock programs in", NEEDS_NOTHING, check_kernel },
	{ "mail.settings", "the settings for mail fit together", NEEDS_CONFIG, check_mail_settings },
	{ "mail.server", "the mail server takes the connection, TLS and password", NEEDS_NETWORK, check_mail_server },
	{ "mail.deliver", "deliver is running", NEEDS_CONFIG, check_deliver },
	{ "mail.outbox", "no mail waits for long", NEEDS_DATABASE, check_outbox },
	{ "web.reach", "the issuer's discovery document is reachable", NEEDS_NETWORK, check_reach },
	{ "tls.certificate", "the certificate is valid for the host", NEEDS_WEB, check_certificate },
	{ "tls.expiry", "the certificate is good for a while", NEEDS_WEB, check_certificate_age },
	{ "tls.hsts", "browsers are told to come by https alone", NEEDS_WEB, check_hsts },
	{ "web.issuer", "the discovery document names the issuer", NEEDS_WEB, check_web_issuer },
	{ "web.well_known", "discovery and jwks are served as they are, with type and cache headers", NEEDS_WEB, check_well_known },
	{ "web.cors", "applications in browsers may read them", NEEDS_WEB, check_cors },
	{ "web.endpoints", "the endpoints run and can use the database", NEEDS_WEB, check_endpoints },
	{ "web.authorization", "the Authorization header arrives", NEEDS_WEB, check_authorization },
	{ "web.body", "the body of a POST arrives", NEEDS_WEB, check_body },
	{ "web.head", "HEAD is answered", NEEDS_WEB, check_head },
	{ "web.redirect", "redirects keep status and absolute URL", NEEDS_WEB, check_redirect },
	{ "web.unknown", "an unknown endpoint is 404", NEEDS_WEB, check_unknown },
	{ "web.headers", "answers keep their security and cache headers", NEEDS_WEB, check_answer_headers },
	{ "web.account", "the account page is there, with its policy", NEEDS_WEB, check_account_page },
	{ "web.source", "neither programs, hidden files nor folders are shown", NEEDS_WEB, check_source },
	{ "web.secrets", "database, keys and configuration are not served", NEEDS_WEB, check_secrets },
	{ "clock.date", "clock and web server agree", NEEDS_WEB, check_date },
	{ "clock.progress", "the clock does not jump", NEEDS_NOTHING, check_clock_progress },
	{ 0 },
};

static const char *const level_names[] = { "ok", "skipped", "advice", "problem" };

__attribute__((format(printf, 4, 0)))
static void find(struct doctor *d, enum level level, const char *advice, const char *format, va_list arguments)
{
	char text[1024];
	struct finding *f = &d->finding;

	if (f->sentence && f->level > level)
		return;
	if (f->sentence && f->level == level) {
		f->more++;
		return;
	}
	vsnprintf(text, sizeof text, format, arguments);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	*f = (struct finding){ level, arena_text(d->arena, text), advice, 0 };
}

#define FIND(level, advice) \
	do { \
		va_list arguments; \
		va_start(arguments, format); \
		find(d, level, advice, format, arguments); \
		va_end(arguments); \
	} while (0)

void fine(struct doctor *d, const char *format, ...)
{
	FIND(LEVEL_OK, NULL);
}

void skip(struct doctor *d, const char *format, ...)
{
	FIND(LEVEL_SKIPPED, NULL);
}

void advise(struct doctor *d, const char *advice, const char *format, ...)
{
	FIND(LEVEL_ADVICE, advice);
}

void problem(struct doctor *d, const char *advice, const char *format, ...)
{
	FIND(LEVEL_PROBLEM, advice);
}

static bool may_run(struct doctor *d, const struct check *check)
{
	if (check->needs == NEEDS_NOTHING)
		return true;
	if (!d->config)
		skip(d, "The configuration cannot be read.");
	else if (check->needs == NEEDS_DATABASE && !d->database)
		skip(d, "The database cannot be opened.");
	else if (check->needs >= NEEDS_NETWORK && d->offline)
		skip(d, "Left out, as --offline says.");
	else if (check->needs == NEEDS_WEB && !d->discovery)
		skip(d, "The issuer does not answer.");
	else
		return true;
	return false;
}

static void run_check(struct doctor *d, const struct check *check)
{
	d->finding = (struct finding){ 0 };
	if (setjmp(d->failed) != 0)
		problem(d, "Run `latchkey doctor` again; if that stays, restore the database from a backup.", "The database failed: %s.",
			d->failure);
	else if (may_run(d, check))
		check->run(d);
	if (!d->finding.sentence)
		fine(d, "Nothing is wrong: %s.", check->about);
}

static const char *sentence_of(struct doctor *d)
{
	return d->finding.more && d->finding.level >= LEVEL_ADVICE
		? arena_format(d->arena, "%s (And %d more like it.)", d->finding.sentence, d->finding.more) : d->finding.sentence;
}

static void report_check(struct doctor *d, const struct check *check, struct buffer *json, bool quiet)
{
	const struct finding *f = &d->finding;
	const char *sentence = sentence_of(d);

	json_object_open(json, NULL);
	json_text(json, "name", check->name);
	json_text(json, "about", check->about);
	json_text(json, "result", level_names[f->level]);
	json_text(json, "sentence", sentence);
	json_text(json, "advice", f->advice);
	json_object_close(json);
	if (d->cli->json || (quiet && f->level < LEVEL_ADVICE))
		return;
	printf("%-7s  %-25s  %s\n", level_names[f->level], check->name, sentence);
	if (f->advice)
		printf("%-7s  %-25s  -> %s\n", "", "", f->advice);
	fflush(stdout);
}

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Signs of a clock that jumps while doctor works: the two clocks drift apart. */
void check_clock_progress(struct doctor *d)
{
	int64_t apart = (clock_milliseconds() - d->realtime_ms) - (monotonic_ms() - d->monotonic_ms);

	if (apart > 2000 || apart < -2000)
		problem(d, "Let one service alone set the clock: `timedatectl set-ntp true`, and none of the host's tools beside it.",
			"The clock jumped by %lld ms while this ran.", (long long)apart);
	else
		fine(d, "The clock runs evenly.");
}

void doctor_run(struct cli *cli)
{
	struct doctor d = { .cli = cli, .arena = cli->arena, .offline = cli_option(cli, "offline") != NULL,
		.realtime_ms = clock_milliseconds(), .monotonic_ms = monotonic_ms() };
	struct buffer out = buffer_create(cli->arena, 8192);
	int counts[LEVEL_PROBLEM + 1] = { 0 };

	json_object_open(&out, NULL);
	json_array_open(&out, "checks");
	for (const struct check *check = checks; check->name; check++) {
		run_check(&d, check);
		counts[d.finding.level]++;
		report_check(&d, check, &out, cli_option(cli, "quiet") != NULL);
	}
	json_array_close(&out);
	for (int i = 0; i <= LEVEL_PROBLEM; i++)
		json_number(&out, level_names[i], counts[i]);
	json_object_close(&out);
	if (cli->json)
		cli_print(out.data);
	else if (!cli_option(cli, "quiet") || counts[LEVEL_PROBLEM] + counts[LEVEL_ADVICE] > 0)
		printf("Problems: %d. Advice: %d. Fine: %d. Left out: %d.\n", counts[LEVEL_PROBLEM], counts[LEVEL_ADVICE],
			counts[LEVEL_OK],
			counts[LEVEL_SKIPPED]);
	if (counts[LEVEL_PROBLEM] == 0)
		return;
	if (cli->database)
		database_release(cli->database, true);
	if (fflush(stdout) != 0)
		cli_fail("The output could not be written.");
	exit(EXIT_REFUSED);
}
