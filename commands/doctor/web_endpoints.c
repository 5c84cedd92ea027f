/* Endpoints, called as clients and browsers call them, with a client and a token that do not exist: nothing is changed. */
#include <string.h>

#include "commands/doctor/doctor.h"
#include "lib/base/text.h"

/* Nobody has this id: client ids are at most as long as the command line lets them, and this one it never makes. */
#define CLIENT "latchkey-doctor"
#define BASIC "Authorization: Basic bGF0Y2hrZXktZG9jdG9yOmxhdGNoa2V5LWRvY3Rvcg=="
#define UNKNOWN "The client is unknown."

static const struct answer *post(struct doctor *d, const char *endpoint, const char *header, const char *body)
{
	return fetch(d, "POST", config_endpoint_url(d->arena, d->config, endpoint), header, body);
}

void check_endpoints(struct doctor *d)
{
	const char *url = config_endpoint_url(d->arena, d->config, "token");
	const struct answer *answer = post(d, "token", NULL, "grant_type=authorization_code&client_id=" CLIENT "&client_secret=" CLIENT);

	if (answer->curl == 0 && answer->length > 4 && memcmp(answer->body, "\177ELF", 4) == 0)
		problem(d, "Let the server execute what lies in cgi-bin: Apache `Options +ExecCGI` and `SetHandler cgi-script`, lighttpd "
			"`cgi.assign = ( \"\" => \"\" )`.",
			"%s is the program itself: the server shows it and does not run it.", url);
	else if (answer->curl != 0 || answer->status >= 500)
		problem(d, "Look at the log (`log_file`, or the web server's): mostly the endpoints run as a user who cannot open the "
			"database or the keys, or without LATCHKEY_CONFIG.",
			"%s fails with %d%s%s.", url, answer->status, answer->curl ? ": " : "", answer->curl ? answer->error : "");
	else if (answer->status == 404)
		problem(d, "Let the server find the endpoints where `endpoint_path` says, or correct `endpoint_path`.", "%s is not found.",
			url);
	else if (!text_equal(answer_member(d, answer, "error"), "invalid_client"))
		problem(d, "Check the server's rules for this URL: every method and status has to pass as it is.",
			"%s answers %d, and not that the client is unknown.", url,
			answer->status);
	else
		fine(d, "They run and read the database.");
}

/* What the answer to a request with credentials says when they did not arrive (RFC 6750 3.1: then there is no error). */
void check_authorization(struct doctor *d)
{
	static const char advice[] = "Apache: `CGIPassAuth On`. nginx: `fastcgi_param HTTP_AUTHORIZATION $http_authorization;`. A "
		"proxy: let it pass the header.";
	const struct answer *basic = post(d, "introspect", BASIC, "token=none");
	const struct answer *bearer = fetch(d, "GET", config_endpoint_url(d->arena, d->config, "userinfo"),
		"Authorization: Bearer latchkey-doctor", NULL);

	if (basic->status == 401 && !text_equal(answer_member(d, basic, "error_description"), UNKNOWN))
		problem(d, advice, "The Authorization header does not reach the endpoints: clients with client_secret_basic are refused, "
			"and userinfo answers nobody.");
	else if (bearer->status == 401 && !strstr(answer_header(d, bearer, "WWW-Authenticate"), "invalid_token"))
		problem(d, advice, "The access token in the Authorization header does not reach userinfo, or its WWW-Authenticate gets lost.");
	else if (basic->status != 401 || bearer->status != 401)
		problem(d, "First solve what web.endpoints says; then every status has to pass as it is.",
			"Introspection and userinfo answer %d and %d to strangers, not 401.",
			basic->status, bearer->status);
	else
		fine(d, "The Authorization header arrives.");
}

void check_body(struct doctor *d)
{
	const struct answer *answer = post(d, "token", NULL, "grant_type=authorization_code&client_id=" CLIENT "&client_secret=" CLIENT);

	if (answer->status < 500 && !text_equal(answer_member(d, answer, "error_description"), UNKNOWN))
		problem(d, "Let the server pass the body with CONTENT_LENGTH to the endpoints; share/latchkey/servers has a file for each "
			"server that can.",
			"The body of a POST does not reach the endpoints (the answer is %d).", answer->status);
	else if (answer->status >= 500)
		skip(d, "The endpoints fail, as web.endpoints says.");
	else
		fine(d, "The body of a POST arrives.");
}

void check_redirect(struct doctor *d)
{
	const char *url = config_endpoint_url(d->arena, d->config, "logout");
	const struct answer *answer = post(d, "logout", NULL, "ui_locales=en");
	const char *location = answer_header(d, answer, "Location");

	if (answer->status >= 500 || answer->curl != 0)
		skip(d, "The endpoints fail, as web.endpoints says.");
	else if (answer->status != 303)
		problem(d, "Let the server pass the line `Status:` of the endpoints: 303 has to stay 303.",
			"A redirect after a POST arrives as %d.", answer->status);
	else if (!text_starts_with(location, url))
		problem(d, "Take out what rewrites Location: nginx `proxy_redirect off`, Apache no ProxyPassReverse for this issuer.",
			"A redirect to %s arrives as \"%s\".", url, location);
	else
		fine(d, "Redirects arrive as they are.");
}

void check_unknown(struct doctor *d)
{
	const char *url = config_endpoint_url(d->arena, d->config, "latchkey-doctor-asks");
	const struct answer *answer = fetch(d, "GET", url, NULL, NULL);

	if (answer->status != 404)
		problem(d, "Let the server answer 404 where no program is: no rule for everything else, no fallback page.",
			"%s, which does not exist, answers %d.", url, answer->status);
	else
		fine(d, "An unknown endpoint is 404.");
}

void check_answer_headers(struct doctor *d)
{
	const struct answer *page = fetch(d, "GET", config_endpoint_url(d->arena, d->config, "logout"), NULL, NULL);
	const struct answer *answer = post(d, "token", NULL, "client_id=" CLIENT);

	if (page->status >= 500 || page->curl != 0) {
		skip(d, "The endpoints fail, as web.endpoints says.");
		return;
	}
	if (!strstr(answer_header(d, page, "Content-Security-Policy"), "frame-ancestors"))
		problem(d, "Take out what removes or replaces Content-Security-Policy.",
			"Pages arrive without their Content-Security-Policy: other sites can put them into frames.");
	if (!strstr(answer_header(d, answer, "Cache-Control"), "no-store"))
		problem(d, "Take out what sets Cache-Control for the endpoints: `expires` in nginx, ExpiresActive in Apache.",
			"Answers with tokens arrive without Cache-Control: no-store.");
	if (*answer_header(d, page, "X-Powered-By"))
		advise(d, "Take X-Powered-By out.", "Answers say what the server is made of.");
	fine(d, "Policies and cache headers arrive.");
}

void check_account_page(struct doctor *d)
{
	const char *url = config_static_url(d->arena, d->config, "account/");
	const struct answer *answer = fetch(d, "GET", url, NULL, NULL);
	const char *policy = answer_header(d, answer, "Content-Security-Policy");

	if (answer->curl != 0 || answer->status != 200 || !text_starts_with(answer_header(d, answer, "Content-Type"), "text/html"))
		problem(d, "Let the server serve the folder htdocs at `static_path`, with index.html for folders.",
			"%s answers %d and \"%s\", not the account page.", url, answer->status,
			answer_header(d, answer, "Content-Type"));
	else if (!strstr(policy, "default-src 'self'") || !strstr(policy, "frame-ancestors 'none'"))
		problem(d, "Let the server add the Content-Security-Policy of its file in share/latchkey/servers to the pages below account/.",
			"The account page comes without its Content-Security-Policy: a script of somebody else would rule the account.");
	else
		fine(d, "The account page is there, with its policy.");
}
