/* What the issuer's own web server says: whether it is there, its certificate, and the well-known documents. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "commands/doctor/doctor.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#define DISCOVERY "/.well-known/openid-configuration"
#define SERVER_FILES "take over what the server's file in share/latchkey/servers says"

enum { DAY = 86400, EXPIRES_SOON = 14 * DAY, EXPIRES_NOW = 2 * DAY, DATE_APART = 5, DATE_FAR_APART = 60 };

/* libcurl's numbers, which never change: certificates that are refused. */
static bool is_about_certificates(int curl)
{
	return curl == 51 || curl == 60 || curl == 77 || curl == 83 || curl == 91;
}

static void tell_unreachable(struct doctor *d, const struct answer *answer, const char *url)
{
	static const struct {
		int curl;
		const char *advice;
	} known[] = {
		{ -1, "Install all of it: `make install`." },
		{ 6, "Make a DNS record for the issuer's host; until then try `latchkey doctor --connect HOST:PORT`." },
		{ 7, "Start the web server; check the port of `issuer` in the configuration, and the firewall." },
		{ 28, "Check the firewall; where this machine cannot reach its own public address, `latchkey doctor --connect 127.0.0.1:443`." },
		{ 35, "Check that the web server speaks TLS 1.2 or newer on this port, or that `issuer` should not be http." },
		{ 52, "Look at the web server's own log." },
	};
	const char *advice = "Look at the web server's own log; check `issuer` in the configuration.";

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].curl == answer->curl)
			advice = known[i].advice;
	problem(d, advice, "%s cannot be reached: %s.", url, answer->error);
}

void check_reach(struct doctor *d)
{
	const char *url = arena_format(d->arena, "%s" DISCOVERY, d->config->issuer);
	const struct answer *answer = fetch_verified(d, url);

	if (is_about_certificates(answer->curl)) {
		d->refused_certificate = answer;
		answer = fetch(d, "GET", url, NULL, NULL);
	}
	if (answer->curl != 0) {
		tell_unreachable(d, answer, url);
		return;
	}
	if (answer->status == 403)
		problem(d, arena_format(d->arena, "Let the web server's user enter the folder: `chmod o+x %s`, if it is not the endpoints' "
			"own.", d->config->directory),
			"%s is forbidden (403).", url);
	else if (answer->status != 200)
		problem(d, "Map the well-known URLs to the folder well-known: " SERVER_FILES ".",
			"%s answers %d instead of the discovery document.", url,
			answer->status);
	else if (!answer_member(d, answer, "issuer"))
		problem(d, "Check the port of `issuer`, and " SERVER_FILES ": something else answers there.", "%s is no discovery document.",
			url);
	else
		d->discovery = answer;
	fine(d, "%s answers.", url);
}

void check_web_issuer(struct doctor *d)
{
	const char *named = answer_member(d, d->discovery, "issuer");

	if (text_equal(named, d->config->issuer))
		fine(d, "It names %s.", named);
	else
		problem(d, "Run `latchkey publish`; if that does not help, the web server serves another installation: correct its folder "
			"well-known.",
			"The discovery document names %s, not %s: clients refuse it.", named, d->config->issuer);
}

void check_certificate(struct doctor *d)
{
	if (!config_is_https(d->config))
		skip(d, "The issuer is not https.");
	else if (d->refused_certificate)
		problem(d, "Get one for the issuer's host, `certbot certonly -d HOST` for instance, and let the server send the whole chain "
			"(fullchain.pem). A private authority: --ca-file.",
			"The certificate is refused: %s.", d->refused_certificate->error);
	else
		fine(d, "The certificate is valid for the host.");
}

void check_certificate_age(struct doctor *d)
{
	static const char advice[] = "Renew it: `certbot renew`, and reload the web server; let a timer do both.";
	int64_t left = d->discovery->expires - d->cli->now;

	if (!config_is_https(d->config))
		skip(d, "The issuer is not https.");
	else if (!d->discovery->expires)
		skip(d, "Its end is unknown.");
	else if (left < EXPIRES_NOW)
		problem(d, advice, left < 0 ? "The certificate has expired %lld days ago." : "The certificate expires in %lld days.",
			(long long)((left < 0 ? -left : left) / DAY));
	else if (left < EXPIRES_SOON)
		advise(d, advice, "The certificate expires in %lld days.", (long long)(left / DAY));
	else
		fine(d, "The certificate is good for %lld days.", (long long)(left / DAY));
}

void check_hsts(struct doctor *d)
{
	if (!config_is_https(d->config))
		skip(d, "The issuer is not https.");
	else if (!*answer_header(d, d->discovery, "Strict-Transport-Security"))
		advise(d, "Let the server add `Strict-Transport-Security: max-age=31536000` once everything on this host is https.",
			"There is no Strict-Transport-Security: a first visit by http can be led astray.");
	else
		fine(d, "Strict-Transport-Security is there.");
}

static void look_at_document(struct doctor *d, const struct answer *answer, const char *url, const char *file)
{
	char have[65536];
	long length = file_start(config_file(d->arena, d->config, file), have, sizeof have);

	if (answer->curl != 0 || answer->status != 200)
		problem(d, "Map the well-known URLs to the folder well-known: " SERVER_FILES ".", "%s answers %d.", url, answer->status);
	else if (length >= 0 && ((size_t)length != answer->length || memcmp(have, answer->body, answer->length) != 0))
		problem(d, "Correct the server's folder well-known, and clear its cache.", "%s is not what %s says.", url, file);
	else if (!text_starts_with(answer_header(d, answer, "Content-Type"), "application/json"))
		problem(d, "Let the server say `Content-Type: application/json` there: " SERVER_FILES ".",
			"%s has the type \"%s\": clients refuse it.", url,
			answer_header(d, answer, "Content-Type"));
	else if (!strstr(answer_header(d, answer, "Cache-Control"), "max-age"))
		advise(d, arena_format(d->arena, "Let the server add `Cache-Control: public, max-age=%lld` there.",
			(long long)d->config->jwks_cache_seconds),
			"%s has no Cache-Control: clients fetch it too often, or keep it for longer than a key waits.", url);
}

static const struct answer *fetch_jwks(struct doctor *d, const char **url)
{
	*url = answer_member(d, d->discovery, "jwks_uri");
	if (!*url)
		*url = arena_format(d->arena, "%s/.well-known/jwks.json", d->config->issuer);
	return fetch(d, "GET", *url, NULL, NULL);
}

void check_well_known(struct doctor *d)
{
	const char *url;
	const struct answer *jwks = fetch_jwks(d, &url);

	look_at_document(d, d->discovery, arena_format(d->arena, "%s" DISCOVERY, d->config->issuer), "well-known/openid-configuration");
	look_at_document(d, jwks, url, "well-known/jwks.json");
	fine(d, "Both are served as they are.");
}

void check_cors(struct doctor *d)
{
	const char *url;
	const struct answer *jwks = fetch_jwks(d, &url);

	if (!text_equal(answer_header(d, d->discovery, "Access-Control-Allow-Origin"), "*") || !text_equal(answer_header(d, jwks,
		"Access-Control-Allow-Origin"), "*"))
		problem(d, "Let the server add `Access-Control-Allow-Origin: *` to the well-known files, once: " SERVER_FILES ".",
			"Discovery or jwks lack Access-Control-Allow-Origin: applications in browsers cannot sign in.");
	else
		fine(d, "Every origin may read them.");
}

void check_head(struct doctor *d)
{
	const char *url = arena_format(d->arena, "%s" DISCOVERY, d->config->issuer);
	const struct answer *file = fetch(d, "HEAD", url, NULL, NULL);
	const struct answer *program = fetch(d, "HEAD", config_endpoint_url(d->arena, d->config, "logout"), NULL, NULL);

	if (file->curl != 0 || file->status != 200 || program->curl != 0 || program->status != 200)
		problem(d, "Let the server pass HEAD to the endpoints as it passes GET.",
			"HEAD is answered by %d for discovery and %d for an endpoint: %s.",
			file->status, program->status, file->curl ? file->error : program->error);
	else
		fine(d, "HEAD is answered like GET.");
}

void check_date(struct doctor *d)
{
	const struct answer *answer = fetch(d, "GET", arena_format(d->arena, "%s" DISCOVERY, d->config->issuer), NULL, NULL);
	const char *date = answer_header(d, answer, "Date");
	struct tm tm = { 0 };

	if (!strptime(date, "%a, %d %b %Y %H:%M:%S", &tm)) {
		skip(d, "The web server sends no Date.");
		return;
	}
	long long apart = (long long)timegm(&tm) - (long long)clock_seconds();
	if (apart > DATE_FAR_APART || apart < -DATE_FAR_APART)
		problem(d, "Set both clocks: `timedatectl set-ntp true` here and where the web server or its proxy runs.",
			"The web server's clock is %lld s off.", apart);
	else if (apart > DATE_APART || apart < -DATE_APART)
		advise(d, "`timedatectl set-ntp true` here and where the web server or its proxy runs.",
			"The web server's clock is %lld s off.", apart);
	else
		fine(d, "Both clocks say the same.");
}
