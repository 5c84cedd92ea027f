#include "lib/http/request.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "lib/base/buffer.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

enum { DRAIN_LIMIT = 1024 * 1024, DRAIN_WAIT_MS = 1000, USER_AGENT_LIMIT = 256, CONTENT_TYPE_LIMIT = 128 };

/* The value of the index-th variable of this name; NULL if there are not so many. */
static const char *variable(char *const *environment, const char *name, int index)
{
	size_t length = strlen(name);
	for (; *environment; environment++) {
		const char *entry = *environment;
		if (strncmp(entry, name, length) == 0 && entry[length] == '=' && index-- == 0)
			return entry + length + 1;
	}
	return NULL;
}

static const char *header(struct arena *arena, char *const *environment, const char *name)
{
	return arena_text(arena, variable(environment, name, 0));
}

static enum method read_method(const char *name)
{
	if (text_equal(name, "GET"))
		return METHOD_GET;
	if (text_equal(name, "HEAD"))
		return METHOD_HEAD;
	if (text_equal(name, "POST"))
		return METHOD_POST;
	return text_equal(name, "OPTIONS") ? METHOD_OPTIONS : METHOD_OTHER;
}

/* Servers hand on a repeated header either as two variables, or joined by a comma. */
static bool authorization_is_repeated(char *const *environment)
{
	static const char *const schemes[] = { "Basic ", "Bearer ", "DPoP " };
	if (variable(environment, "HTTP_AUTHORIZATION", 1))
		return true;
	const char *comma = variable(environment, "HTTP_AUTHORIZATION", 0);
	while (comma && (comma = strchr(comma, ','))) {
		comma += 1 + strspn(comma + 1, " \t");
		for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
			if (strncasecmp(comma, schemes[i], strlen(schemes[i])) == 0)
				return true;
	}
	return false;
}

static bool origin_is_repeated(char *const *environment)
{
	const char *origin = variable(environment, "HTTP_ORIGIN", 0);
	return variable(environment, "HTTP_ORIGIN", 1) || (origin && strchr(origin, ','));
}

static const char *read_cookies(struct arena *arena, char *const *environment)
{
	const char *first = variable(environment, "HTTP_COOKIE", 0);
	if (!first)
		return NULL;
	struct buffer all = buffer_create(arena, strlen(first));
	buffer_text(&all, first);
	for (int i = 1; (first = variable(environment, "HTTP_COOKIE", i)); i++) {
		buffer_text(&all, "; ");
		buffer_text(&all, first);
	}
	return all.data;
}

static const char *read_content_type(struct arena *arena, const char *value)
{
	if (!value)
		return "";
	value += strspn(value, " \t");
	size_t length = strcspn(value, ";");
	while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
		length--;
	return length > CONTENT_TYPE_LIMIT ? "" : text_lowercase(arena, arena_copy(arena, value, length));
}

static void replace(char *text, bool high)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (high ? byte >= 0x80 : byte < 0x20 || byte == 0x7f)
			*text = '?';
	}
}

static const char *read_user_agent(struct arena *arena, const char *value)
{
	if (!value)
		return NULL;
	size_t length = strnlen(value, USER_AGENT_LIMIT + 1);
	if (length > USER_AGENT_LIMIT) {
		length = USER_AGENT_LIMIT;
		while (length > USER_AGENT_LIMIT - 3 && ((unsigned char)value[length] & 0xc0) == 0x80)
			length--;
	}
	char *copy = arena_copy(arena, value, length);
	replace(copy, false);
	if (utf8_has_controls(copy))
		replace(copy, true);
	return copy;
}

/* An address in its one canonical form, an IPv4-mapped one as IPv4; NULL if the text is none. */
static const char *read_address(struct arena *arena, const char *text)
{
	struct in6_addr six;
	struct in_addr four;
	char *out = arena_alloc(arena, INET6_ADDRSTRLEN);
	if (inet_pton(AF_INET, text, &four) == 1)
		return inet_ntop(AF_INET, &four, out, INET6_ADDRSTRLEN);
	if (inet_pton(AF_INET6, text, &six) != 1)
		return NULL;
	if (IN6_IS_ADDR_V4MAPPED(&six))
		return inet_ntop(AF_INET, six.s6_addr + 12, out, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, &six, out, INET6_ADDRSTRLEN);
}

static bool is_trusted(struct arena *arena, const struct config *config, const char *address)
{
	const char *cursor = config->trusted_proxies;
	const char *word;
	while ((word = words_next(arena, &cursor)))
		if (text_equal(read_address(arena, word), address))
			return true;
	return false;
}

/*
 * From the right, past what trusted proxies appended: what stands further left may be the browser's invention.
 * Two such headers have no known order, so that neither counts.
 */
static const char *browser_address(struct arena *arena, const struct config *config, char *const *environment)
{
	const char *remote = variable(environment, "REMOTE_ADDR", 0);
	const char *address = remote ? read_address(arena, remote) : NULL;
	if (!address)
		return "unknown";
	const char *forwarded = variable(environment, "HTTP_X_FORWARDED_FOR", 0);
	if (!forwarded || variable(environment, "HTTP_X_FORWARDED_FOR", 1) || strlen(forwarded) > 4096)
		return address;
	const char *proxy = address;
	char *list = arena_text(arena, forwarded);
	while (list && is_trusted(arena, config, address)) {
		char *comma = strrchr(list, ',');
		char *entry = comma ? comma + 1 : list;
		entry += strspn(entry, " \t");
		entry[strcspn(entry, " \t")] = '\0';
		address = read_address(arena, entry);
		if (!address)
			return proxy;
		if (comma)
			*comma = '\0';
		else
			list = NULL;
	}
	return address;
}

/* Reads and forgets, so that the server does not answer 502 itself; never longer than the sender is heard of. */
static void drain(const struct channel *channel, size_t limit)
{
	char bytes[4096];
	size_t got = 1;
	for (; limit > 0 && got > 0; limit -= got)
		got = channel->read(channel, bytes, limit < sizeof bytes ? limit : sizeof bytes, DRAIN_WAIT_MS);
}

static bool read_fully(const struct channel *channel, char *bytes, size_t length)
{
	while (length > 0) {
		size_t got = channel->read(channel, bytes, length, -1);
		if (got == 0)
			return false;
		bytes += got;
		length -= got;
	}
	return true;
}

/* Exactly CONTENT_LENGTH bytes: some servers never close the other end. */
static enum request_problem read_body(struct arena *arena, const struct channel *channel, struct request *request)
{
	char *const *environment = channel->environment;
	const char *text = variable(environment, "CONTENT_LENGTH", 0);
	const char *other = variable(environment, "CONTENT_LENGTH", 1);
	int64_t length = 0;
	if (text_empty(text)) {
		if (!variable(environment, "HTTP_TRANSFER_ENCODING", 0))
			return REQUEST_FINE;
		drain(channel, DRAIN_LIMIT);
		return REQUEST_LENGTH_REQUIRED;
	}
	if (!text_to_number(text, &length) || (other && !text_equal(text, other)))
		return REQUEST_LENGTH_BAD;
	if (length > REQUEST_BODY_LIMIT) {
		drain(channel, length < DRAIN_LIMIT ? (size_t)length : DRAIN_LIMIT);
		return REQUEST_TOO_LARGE;
	}
	char *body = arena_alloc(arena, (size_t)length + 1);
	if (!read_fully(channel, body, (size_t)length))
		return REQUEST_LENGTH_BAD;
	request->body = body;
	request->body_length = (size_t)length;
	return REQUEST_FINE;
}

enum request_problem request_read(struct arena *arena, const struct config *config, const struct channel *channel,
	struct request *request)
{
	char *const *environment = channel->environment;
	*request = (struct request){
		.method = read_method(variable(environment, "REQUEST_METHOD", 0)),
		.query = "",
		.body = "",
		.content_type = read_content_type(arena, variable(environment, "CONTENT_TYPE", 0)),
		.authorization = header(arena, environment, "HTTP_AUTHORIZATION"),
		.cookie = read_cookies(arena, environment),
		.origin = header(arena, environment, "HTTP_ORIGIN"),
		.fetch_site = header(arena, environment, "HTTP_SEC_FETCH_SITE"),
		.user_agent = read_user_agent(arena, variable(environment, "HTTP_USER_AGENT", 0)),
		.if_none_match = header(arena, environment, "HTTP_IF_NONE_MATCH"),
		.accept = header(arena, environment, "HTTP_ACCEPT"),
		.address = browser_address(arena, config, environment),
	};
	enum request_problem problem = read_body(arena, channel, request);
	const char *query = variable(environment, "QUERY_STRING", 0);
	if (query && strlen(query) > REQUEST_QUERY_LIMIT)
		problem = problem ? problem : REQUEST_TOO_LARGE;
	else if (query)
		request->query = arena_text(arena, query);
	if (authorization_is_repeated(environment) || origin_is_repeated(environment))
		problem = REQUEST_HEADER_REPEATED;
	return problem;
}

const char *request_credentials(const struct request *request, const char *scheme)
{
	const char *value = request->authorization;
	size_t length = strlen(scheme);
	if (!value || strncasecmp(value, scheme, length) != 0)
		return NULL;
	value += length;
	return *value == ' ' || !*value ? value + strspn(value, " ") : NULL;
}
