#include "lib/protocol/target.h"

#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/text.h"
#include "lib/protocol/errors.h"
#include "lib/records/resource_store.h"

#define DEFAULT_ALG "RS256"

/* RFC 3986 4.3, as far as it matters here. */
bool target_is_uri(const char *text)
{
	size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
	if (scheme == 0 || text[scheme] != ':' || !text[scheme + 1] || strchr("0123456789+-.", text[0]))
		return false;
	return is_uri(text) && !strchr(text, '#');
}

/* The other way to write a URL without a path, or NULL: what parses URLs ends them with a slash (RFC 3986 6.2.3). */
static const char *other_spelling(struct context *c, const char *text)
{
	const char *host = strstr(text, "://");
	if (!host)
		return NULL;
	host += 3;
	size_t length = strcspn(host, "/?");
	if (!host[length])
		return arena_format(c->arena, "%s/", text);
	return text_equal(host + length, "/") ? arena_copy(c->arena, text, strlen(text) - 1) : NULL;
}

static const struct resource *find_resource(struct context *c, const struct client *client, const char *text)
{
	const char *other = other_spelling(c, text);
	if (text_equal(text, c->config->issuer) || text_equal(other, c->config->issuer)) {
		struct resource *issuer = arena_alloc(c->arena, sizeof *issuer);
		*issuer = (struct resource){ .resource = c->config->issuer, .signing_alg = client->id_token_signed_response_alg };
		return issuer;
	}
	const struct resource *found = resource_find(c->database, text);
	return found || !other ? found : resource_find(c->database, other);
}

/* Adds one that the request names; spaces in it would make two of it. */
static const char *add_required(struct context *c, const struct client *client, const char *words, const char *text)
{
	const struct resource *resource = is_visible_ascii(text) ? find_resource(c, client, text) : NULL;
	if (!resource)
		refuse_because_and_leave(c, INVALID_TARGET, "RFC 8707 2", "The resource is not known here.");
	return words_union(c->arena, words, resource->resource);
}

const char *target_resources_require(struct context *c, const struct client *client)
{
	const char *words = "", *text;
	if (text_equal(client->resource_handling, "ignore"))
		return NULL;
	for (int i = 0; (text = parameter_at(c, "resource", i)); i++) {
		if (i == TARGET_RESOURCES_MOST)
			refuse_because_and_leave(c, INVALID_TARGET, "RFC 8707 2", "These are too many resources at once.");
		if (!target_is_uri(text))
			refuse_because_and_leave(c, INVALID_TARGET, "RFC 8707 2", "A resource is an absolute URI without a fragment.");
		words = add_required(c, client, words, text);
	}
	return *words ? words : NULL;
}

const char *target_audience_require(struct context *c, const struct client *client)
{
	const char *words = target_resources_require(c, client), *audience = parameter(c, "audience");
	if (!audience || text_equal(client->resource_handling, "ignore"))
		return words;
	return add_required(c, client, words, audience);
}

static int64_t default_seconds(struct context *c, const struct client *client)
{
	return client->access_token_seconds ? client->access_token_seconds : c->config->access_token_seconds;
}

/* What a token may do at these resources (NULL: anywhere). What was unregistered since does not count any more. */
static const char *scope_for(struct context *c, const char *resources, const char *scope)
{
	bool of_issuer = !resources || words_contain(resources, c->config->issuer);
	if (!resources && !*words_subtract(c->arena, scope, SCOPES_SUPPORTED))
		return scope;
	const char *registered = scope_registered(c, scope, resources, of_issuer);
	return of_issuer ? words_intersect(c->arena, scope, words_union(c->arena, SCOPES_SUPPORTED, registered)) : registered;
}

struct target target_require(struct context *c, const struct client *client, const char *resources, const char *scope)
{
	struct target target = { .audience = resources ? resources : c->config->issuer, .scope = scope_for(c, resources, scope),
		.seconds = default_seconds(c, client), .signing_alg = client->id_token_signed_response_alg };
	int count = 0;
	for (const char *cursor = resources, *word; (word = words_next(c->arena, &cursor)); count++) {
		const struct resource *resource = find_resource(c, client, word);
		if (!resource)
			refuse_because_and_leave(c, INVALID_TARGET, "RFC 8707 2", "The resource is not known here any more.");
		int64_t seconds = resource->access_token_seconds ? resource->access_token_seconds : default_seconds(c, client);
		if (count == 0 || seconds < target.seconds)
			target.seconds = seconds;
		if (count == 0)
			target.signing_alg = resource->signing_alg ? resource->signing_alg : DEFAULT_ALG;
	}
	return target;
}

struct target target_of_grant_require(struct context *c, const struct client *client, const struct grant *grant)
{
	const char *named = target_resources_require(c, client);
	const char *granted = text_equal(client->resource_handling, "ignore") ? NULL : grant->resource;
	if (named && *words_subtract(c->arena, named, granted ? granted : c->config->issuer))
		refuse_because_and_leave(c, INVALID_TARGET, "RFC 8707 2.2", "The resource was not asked for in the authorization request.");
	return target_require(c, client, named && granted ? named : granted, grant->scope);
}
