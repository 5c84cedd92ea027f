/*
 * The refresh token, turned into new tokens and a successor (RFC 6749 6; RFC 9700 4.14.2). Each counts once. What is
 * genuine but was used before is either a client whose answer got lost, which gets the same successor inside the grace
 * window, or a thief: then the whole family ends, for both.
 */
#include "cgi-bin/grants/grant.h"
#include "cgi-bin/grants/issue_tokens.h"
#include "lib/crypto/digest.h"
#include "lib/identity/notice.h"
#include "lib/protocol/refresh_token.h"
#include "lib/protocol/scope.h"
#include "lib/records/audit_store.h"
#include "lib/records/grant_store.h"
#include "lib/records/session_store.h"

/* How often a request looks again when another one was quicker: then the token is the previous one, and that decides. */
enum { TRIES = 3 };

static void audit(struct context *c, const char *event, const struct grant *grant, const char *detail)
{
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = event, .user_id = grant->user_id,
		.client_id = grant->client_id, .sid = grant->sid, .grant_id = grant->grant_id, .address = c->request.address,
		.request_id = c->request_id, .detail = detail });
}

static bool is_hash_of(struct context *c, const char *text, const unsigned char *hash)
{
	return hash && equal_in_constant_time(sha256_of(c->arena, text), hash, SHA256_BYTES);
}

static enum outcome refuse_reuse(struct context *c, const struct grant *grant)
{
	database_begin(c->database, DATABASE_DURABLE);
	if (grant_revoke(c->database, grant->grant_id, c->now)) {
		audit(c, AUDIT_REFRESH_REUSED, grant, "RFC 9700 4.14.2");
		notice_add(c, (struct outbox_row){ .kind = OUTBOX_ALERT_REFRESH_REUSE, .user_id = grant->user_id,
			.client_id = grant->client_id, .sid = grant->sid });
	}
	return refuse_because(c, INVALID_GRANT, "RFC 9700 4.14.2", "The refresh token was used before.");
}

/* A genuine token that gives nothing now: it burns nothing, and is recorded. */
static enum outcome refuse_genuine(struct context *c, const struct grant *grant, const char *problem)
{
	database_begin(c->database, DATABASE_RELAXED);
	audit(c, AUDIT_REFRESH_REFUSED, grant, problem);
	return refuse_because(c, INVALID_GRANT, "RFC 6749 5.2", problem);
}

static int64_t grace_seconds(struct context *c, const struct client *client)
{
	if (client->refresh_grace_seconds >= 0)
		return client->refresh_grace_seconds;
	return client_is_public(client) ? 0 : c->config->refresh_grace_seconds;
}

/*
 * What the access token may do: the grant's scope, or less; the refresh token keeps all of it (RFC 6749 6). Libraries
 * send again what they once asked for: what the client may not have is dropped here as it was at /authorize.
 */
static const char *require_scope(struct context *c, const struct client *client, const struct grant *grant)
{
	const char *requested = parameter(c, "scope");
	if (!requested)
		return grant->scope;
	const char *scope = scope_granted(c, client, requested);
	if (!*scope || *words_subtract(c->arena, scope, grant->scope))
		refuse_because_and_leave(c, INVALID_SCOPE, "RFC 6749 6", "The scope is wider than what was granted.");
	return scope;
}

/* The reasons for which a grant gives no more tokens; NULL if there is none. */
static const char *grant_problem(struct context *c, const struct client *client, const struct grant *grant)
{
	if (!text_equal(grant->client_id, client->client_id))
		return "The refresh token was issued to another client.";
	if (grant->revoked_at)
		return "The refresh token was revoked.";
	if (grant->refresh_expires_at <= c->now || grant->refresh_ends_at <= c->now)
		return "The refresh token has expired.";
	/* Only offline_access outlives the session (OpenID Connect Core 11). */
	if (!words_contain(grant->scope, "offline_access") && !session_is_alive(c->database, grant->user_id, grant->sid, c->now))
		return "The session has ended.";
	return NULL;
}

/* Current: rotates. False if another request was quicker. */
static bool rotate(struct context *c, const struct client *client, const struct grant *grant, const struct refresh_token *sent,
	struct issued_tokens *tokens)
{
	unsigned char sealed[REFRESH_RANDOM_BYTES];
	struct refresh_token next = refresh_token_make(c, grant->grant_id, sent->generation + 1, NULL);
	refresh_token_seal(sent->text, next.random, sealed);
	struct grant_rotation rotation = {
		.grant_id = grant->grant_id,
		.old_hash = sha256_of(c->arena, sent->text),
		.new_hash = sha256_of(c->arena, next.text),
		.successor = sealed,
		.generation = next.generation,
		.refresh_expires_at = issue_tokens_refresh_expiry(c, client, grant->refresh_ends_at),
	};
	rotation.expires_at = issue_tokens_grant_expiry(tokens, rotation.refresh_expires_at);
	tokens->refresh_token = next.text;

	database_begin(c->database, DATABASE_DURABLE);
	if (!grant_rotate(c->database, &rotation, c->now)) {
		database_rollback(c->database);
		return false;
	}
	issue_tokens_store(c, tokens);
	database_commit(c->database);
	return true;
}

/* The successor that was given for this token before, if it is the previous one and the client may repeat itself; NULL else. */
static const char *find_successor(struct context *c, const struct client *client, const struct grant *grant,
	const struct refresh_token *sent)
{
	unsigned char random[REFRESH_RANDOM_BYTES];
	int64_t grace = grace_seconds(c, client);
	if (grace == 0 || grant->refresh_previous_used_at < c->now - grace)
		return NULL;
	if (!grant->refresh_successor || !is_hash_of(c, sent->text, grant->refresh_previous_hash))
		return NULL;
	refresh_token_seal(sent->text, grant->refresh_successor, random);
	const char *text = refresh_token_make(c, grant->grant_id, sent->generation + 1, random).text;
	return is_hash_of(c, text, grant->refresh_hash) ? text : NULL;
}

/* Answers with the same successor again. False if it was used meanwhile. */
static bool repeat(struct context *c, const struct client *client, const struct grant *grant, const struct refresh_token *sent,
	struct issued_tokens *tokens)
{
	database_begin(c->database, DATABASE_DURABLE);
	if (!grant_may_retry(c->database, grant->grant_id, sha256_of(c->arena, sent->text), c->now - grace_seconds(c, client))) {
		database_rollback(c->database);
		return false;
	}
	issue_tokens_store(c, tokens);
	database_commit(c->database);
	return true;
}

enum outcome grant_refresh_token(struct context *c, const struct client *client)
{
	struct refresh_token sent;
	const char *text = parameter_require(c, "refresh_token", "RFC 6749 6");
	if (!refresh_token_read(c, text, &sent))
		return refuse_because(c, INVALID_GRANT, "RFC 6749 5.2", "The refresh token is not valid.");

	for (int try = 0; try < TRIES; try++) {
		const struct grant *grant = grant_find(c->database, sent.grant_id);
		if (!grant)
			return refuse_because(c, INVALID_GRANT, "RFC 6749 5.2", "The refresh token has expired.");
		const char *problem = grant_problem(c, client, grant);
		if (problem)
			return refuse_genuine(c, grant, problem);
		bool current = is_hash_of(c, text, grant->refresh_hash);
		const char *successor = current ? NULL : find_successor(c, client, grant, &sent);
		if (!current && !successor)
			return refuse_reuse(c, grant);

		struct grant narrowed = *grant;
		narrowed.scope = require_scope(c, client, grant);
		narrowed.nonce = NULL; /* the nonce belongs to the first ID token (OpenID Connect Core 12.2) */
		struct issued_tokens tokens = issue_tokens_make(c, client, &narrowed);
		tokens.event = AUDIT_REFRESHED;
		tokens.refresh_token = successor;
		if (current ? rotate(c, client, grant, &sent, &tokens) : repeat(c, client, grant, &sent, &tokens))
			return issue_tokens_answer(c, &tokens);
	}
	return refuse_because(c, INVALID_GRANT, "RFC 6749 5.2", "The refresh token is not valid any more.");
}
