#include "lib/protocol/redirect_uri.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/http/parameters.h"

/* The parts of scheme://authority/rest; host and port are parts of the authority. */
struct uri {
	size_t scheme_length;
	const char *host;
	size_t host_length;
	const char *port; /* digits; NULL: none */
	const char *rest; /* path, query */
};

static bool is_scheme(const char *text, size_t length)
{
	if (length == 0 || !((text[0] | 32) >= 'a' && (text[0] | 32) <= 'z'))
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = (char)(text[i] | 32);
		if (!((c >= 'a' && c <= 'z') || (text[i] >= '0' && text[i] <= '9') || text[i] == '+' || text[i] == '-' || text[i] == '.'))
			return false;
	}
	return true;
}

/* Splits a URI with an authority; false if it has none, has user information, or a port that is no number. */
static bool split(const char *text, struct uri *uri)
{
	const char *colon = strchr(text, ':');
	if (!colon || strncmp(colon, "://", 3) != 0)
		return false;
	uri->scheme_length = (size_t)(colon - text);
	uri->host = colon + 3;
	size_t authority = strcspn(uri->host, "/?#");
	uri->rest = uri->host + authority;
	if (memchr(uri->host, '@', authority) || authority == 0)
		return false;

	const char *end = uri->host + authority;
	const char *search = uri->host;
	if (*uri->host == '[') {
		search = memchr(uri->host, ']', authority);
		if (!search)
			return false;
	}
	const char *port = memchr(search, ':', (size_t)(end - search));
	uri->host_length = (size_t)((port ? port : end) - uri->host);
	uri->port = port ? port + 1 : NULL;
	if (port) {
		size_t digits = strspn(port + 1, "0123456789");
		if (digits == 0 || digits > 5 || port + 1 + digits != end)
			return false;
	}
	return uri->host_length > 0;
}

static bool scheme_is(const char *text, const struct uri *uri, const char *scheme)
{
	return uri->scheme_length == strlen(scheme) && strncmp(text, scheme, uri->scheme_length) == 0;
}

static bool host_is(const struct uri *uri, const char *host)
{
	return uri->host_length == strlen(host) && strncmp(uri->host, host, uri->host_length) == 0;
}

static bool is_loopback(const struct uri *uri)
{
	return host_is(uri, "127.0.0.1") || host_is(uri, "[::1]") || host_is(uri, "localhost");
}

/* Schemes that a browser would run or show instead of handing them to an application. */
static bool is_dangerous_scheme(const char *uri)
{
	static const char *const bad[] = { "javascript:", "data:", "vbscript:", "blob:", "file:", "about:", "ftp:",
		"ws:", "wss:", "mailto:", "view-source:", "filesystem:" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (strncasecmp(uri, bad[i], strlen(bad[i])) == 0)
			return true;
	return false;
}

enum redirect_kind redirect_uri_kind(const char *text)
{
	struct uri uri;
	if (!text || strlen(text) > 2000 || !is_uri(text) || strchr(text, '#') || strchr(text, '*'))
		return REDIRECT_BAD;
	const char *colon = strchr(text, ':');
	if (!colon || !is_scheme(text, (size_t)(colon - text)) || is_dangerous_scheme(text))
		return REDIRECT_BAD;
	bool web = strncasecmp(text, "http:", 5) == 0 || strncasecmp(text, "https:", 6) == 0;
	if (!web)
		return REDIRECT_PRIVATE_USE;
	if (!split(text, &uri))
		return REDIRECT_BAD;
	if (scheme_is(text, &uri, "https"))
		return REDIRECT_HTTPS;
	if (!scheme_is(text, &uri, "http"))
		return REDIRECT_BAD; /* HTTP:// would never compare equal to what a client sends */
	return is_loopback(&uri) ? REDIRECT_LOOPBACK : REDIRECT_HTTP;
}

/* Equal but for the port, which a native application takes from the system (RFC 8252 7.3). */
static bool matches_on_loopback(const char *registered, const char *sent)
{
	struct uri a, b;
	if (redirect_uri_kind(registered) != REDIRECT_LOOPBACK || redirect_uri_kind(sent) != REDIRECT_LOOPBACK)
		return false;
	return split(registered, &a) && split(sent, &b) && a.host_length == b.host_length
		&& strncmp(a.host, b.host, a.host_length) == 0 && strcmp(a.rest, b.rest) == 0;
}

bool redirect_uri_matches(const struct client *client, const char *uri)
{
	size_t length = strlen(uri);
	char registered[2048];

	for (const char *at = client->redirect_uris; *at;) {
		size_t word = strcspn(at, " ");
		if (word == length && strncmp(at, uri, word) == 0)
			return true;
		if (word < sizeof registered) {
			memcpy(registered, at, word);
			registered[word] = '\0';
			if (matches_on_loopback(registered, uri))
				return true;
		}
		at += word;
		at += strspn(at, " ");
	}
	return false;
}

char *redirect_uri_origin(struct arena *arena, const char *uri)
{
	struct uri parts;
	if (!split(uri, &parts))
		return NULL;
	return arena_copy(arena, uri, (size_t)(parts.rest - uri));
}
