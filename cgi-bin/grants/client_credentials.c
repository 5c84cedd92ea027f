/*
 * A client's own access token (RFC 6749 4.4): no user, so no ID token; the secret renews it, so no refresh token. The
 * client is its subject.
 */
#include "cgi-bin/grants/grant.h"
#include "cgi-bin/grants/issue_tokens.h"
#include "lib/protocol/scope.h"
#include "lib/records/audit_store.h"
#include "lib/records/usage_store.h"

enum { CLOSED_MINUTES = 4 };

/* Scopes that the client is registered for by name; patterns stand for no scope in particular. */
static const char *default_scope(struct context *c, const struct client *client)
{
	return scope_registered(c, client->scope, NULL, true);
}

/*
 * What it asks for and may have. Scopes of OpenID Connect speak of a user, and there is none: they are dropped, since
 * many clients send `openid` everywhere. Others that are unknown are dropped as everywhere, unless none is left.
 */
static const char *require_scope(struct context *c, const struct client *client)
{
	const char *requested = parameter(c, "scope");
	if (!requested)
		return default_scope(c, client);
	requested = words_subtract(c->arena, requested, SCOPES_SUPPORTED);
	const char *granted = scope_granted(c, client, requested);
	if (*requested && !*granted)
		refuse_because_and_leave(c, INVALID_SCOPE, "RFC 6749 5.2", "The client may have none of these scopes.");
	return granted;
}

/* The first token of a minute has a row in the audit log of its own, the others their number: see usage_store.h. */
static void audit(struct context *c, const struct client *client, const struct target *target)
{
	if (usage_count(c->database, client->client_id, c->now) > 1)
		return;
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = AUDIT_CLIENT_CREDENTIALS_ISSUED,
		.client_id = client->client_id, .address = c->request.address, .request_id = c->request_id, .detail = target->scope });
	usage_close(c->database, c->now, CLOSED_MINUTES);
}

enum outcome grant_client_credentials(struct context *c, const struct client *client)
{
	if (client_is_public(client))
		return refuse(c, UNAUTHORIZED_CLIENT, "RFC 6749 4.4");
	const char *resources = target_audience_require(c, client);
	struct target target = target_require(c, client, resources, require_scope(c, client));
	struct issued_tokens tokens = issue_tokens_make_for_client(c, client, &target);

	database_begin(c->database, DATABASE_DURABLE);
	/* No grant hangs on the client here: one that was removed meanwhile must not leave a token behind. */
	const struct client *still = client_find(c->database, client->client_id);
	if (!still || still->disabled_at)
		return refuse(c, INVALID_CLIENT, "RFC 6749 5.2");
	issue_tokens_store_access(c, &tokens);
	audit(c, client, &target);
	database_commit(c->database);
	return issue_tokens_answer(c, &tokens);
}
