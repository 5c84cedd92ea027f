#include "lib/http/cookies.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/crypto/digest.h"
#include "lib/http/context.h"

/* What stands before and after the purpose in the name. */
static const char *name_start(const struct context *c)
{
	return config_is_https(c->config) ? "__Host-latchkey-" : "latchkey-";
}

static const char *name_end(struct context *c)
{
	unsigned char digest[SHA256_BYTES];
	sha256(c->config->issuer, strlen(c->config->issuer), digest);
	return arena_format(c->arena, "-%02x%02x%02x", digest[0], digest[1], digest[2]);
}

const char *cookie_name(struct context *c, const char *purpose)
{
	return arena_format(c->arena, "%s%s%s", name_start(c), purpose, name_end(c));
}

struct pair {
	const char *name;
	size_t name_length;
	const char *value;
	size_t value_length;
};

/* The next name=value of a Cookie header at *cursor; false at the end. What has no = is passed over. */
static bool next_pair(const char **cursor, struct pair *pair)
{
	while (*cursor && **cursor) {
		const char *start = *cursor + strspn(*cursor, "; \t");
		size_t length = strcspn(start, ";");
		*cursor = start + length;
		while (length > 0 && (start[length - 1] == ' ' || start[length - 1] == '\t'))
			length--;
		const char *sign = memchr(start, '=', length);
		if (!sign)
			continue;
		pair->name = start;
		pair->name_length = (size_t)(sign - start);
		pair->value = sign + 1;
		pair->value_length = length - pair->name_length - 1;
		return true;
	}
	return false;
}

const char *cookie_find(struct context *c, const char *purpose)
{
	const char *name = cookie_name(c, purpose);
	size_t length = strlen(name);
	const char *cursor = c->request.cookie;
	const char *found = NULL;
	struct pair pair;
	while (next_pair(&cursor, &pair)) {
		if (pair.name_length != length || memcmp(pair.name, name, length) != 0)
			continue;
		const char *value = arena_copy(c->arena, pair.value, pair.value_length);
		/* Another value can only come from a neighbouring domain that tries to plant one. */
		if (!is_base64url(value) || (found && !text_equal(found, value)))
			return NULL;
		found = value;
	}
	return found;
}

const char *cookie_next(struct context *c, const char *prefix, const char **cursor)
{
	const char *start = name_start(c);
	const char *end = name_end(c);
	size_t start_length = strlen(start);
	size_t end_length = strlen(end);
	struct pair pair;
	if (!*cursor)
		*cursor = c->request.cookie;
	while (next_pair(cursor, &pair)) {
		if (pair.name_length <= start_length + end_length || memcmp(pair.name, start, start_length) != 0 ||
			memcmp(pair.name + pair.name_length - end_length, end, end_length) != 0)
			continue;
		const char *purpose = arena_copy(c->arena, pair.name + start_length, pair.name_length - start_length - end_length);
		if (text_starts_with(purpose, prefix) && is_base64url(purpose))
			return purpose;
	}
	return NULL;
}

static void send_cookie(struct context *c, const char *purpose, const char *value, const char *life)
{
	if (!is_base64url(purpose) || (*value && !is_base64url(value))) {
		log_write(LOG_ERROR, "a cookie with a character that none may have was not set");
		return;
	}
	response_header(c, "Set-Cookie", arena_format(c->arena, "%s=%s; Path=/; HttpOnly; SameSite=Lax%s%s",
		cookie_name(c, purpose), value, config_is_https(c->config) ? "; Secure" : "", life));
}

void cookie_set(struct context *c, const char *purpose, const char *value, int64_t seconds)
{
	send_cookie(c, purpose, value, seconds > 0 ? arena_format(c->arena, "; Max-Age=%lld", (long long)seconds) : "");
}

void cookie_clear(struct context *c, const char *purpose)
{
	send_cookie(c, purpose, "", "; Max-Age=0");
}
