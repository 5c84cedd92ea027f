#include "cgi-bin/grants/issue_tokens.h"

#include "lib/base/json_write.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/jws.h"
#include "lib/crypto/random.h"
#include "lib/protocol/refresh_token.h"
#include "lib/protocol/signing.h"
#include "lib/protocol/tokens.h"
#include "lib/records/access_token_store.h"
#include "lib/records/audit_store.h"
#include "lib/records/user_store.h"

enum { CLEANUP_ROWS = 4 * CONTEXT_CLEANING, GRANT_SLACK = 60 };

static const char *sign(struct context *c, const struct signing_key *key, const char *typ, const char *payload)
{
	const char *token = jws_sign(c->arena, key, typ, payload);
	if (!token)
		fail(c, "signing with the key %s failed", signing_key_kid(key));
	return token;
}

/* `key`: one that is loaded already, or NULL. The resource may want another algorithm than the client. */
static const char *make_access_token(struct context *c, const struct issued_tokens *tokens, const struct signing_key *key)
{
	if (text_equal(tokens->client->access_token_format, "opaque"))
		return random_token(c->arena);
	bool fits = key && text_equal(signing_key_alg(key), tokens->target.signing_alg);
	struct signing_key *own = fits ? NULL : signing_key_require(c, tokens->target.signing_alg);
	const char *payload = access_token_payload(c, tokens->client, tokens->grant, &tokens->target);
	return sign(c, own ? own : key, "at+jwt", payload);
}

struct issued_tokens issue_tokens_make(struct context *c, const struct client *client, const struct grant *grant)
{
	const char *alg = client->id_token_signed_response_alg;
	const struct user *user = user_find(c->database, grant->user_id);
	if (!user)
		fail(c, "the user of grant %s is gone", grant->grant_id);
	struct claims claims = user_claims(c->database, grant->user_id);
	struct issued_tokens tokens = { .client = client, .grant = grant, .event = AUDIT_TOKENS_ISSUED,
		.target = target_of_grant_require(c, client, grant) };
	tokens.expires_at = c->now + tokens.target.seconds;
	struct signing_key *key = words_contain(grant->scope, "openid") ? signing_key_require(c, alg) : NULL;

	tokens.access_token = make_access_token(c, &tokens, key);
	if (key) {
		const char *at_hash = jws_half_hash(c->arena, alg, tokens.access_token);
		tokens.id_token = sign(c, key, "JWT", id_token_payload(c, client, grant, user, &claims, at_hash));
	}
	return tokens;
}

struct issued_tokens issue_tokens_make_for_client(struct context *c, const struct client *client, const struct target *target)
{
	struct issued_tokens tokens = { .client = client, .target = *target, .expires_at = c->now + target->seconds };
	tokens.access_token = make_access_token(c, &tokens, NULL);
	return tokens;
}

int64_t issue_tokens_refresh_expiry(struct context *c, const struct client *client, int64_t ends_at)
{
	int64_t idle = client->refresh_idle_seconds ? client->refresh_idle_seconds : c->config->refresh_idle_seconds;
	return c->now + idle < ends_at ? c->now + idle : ends_at;
}

int64_t issue_tokens_grant_expiry(const struct issued_tokens *tokens, int64_t refresh_expires_at)
{
	int64_t last = tokens->expires_at > refresh_expires_at ? tokens->expires_at : refresh_expires_at;
	return last + GRANT_SLACK;
}

int64_t issue_tokens_start_refresh(struct context *c, struct issued_tokens *tokens)
{
	const struct client *client = tokens->client;
	if (!words_contain(client->grant_types, "refresh_token"))
		return issue_tokens_grant_expiry(tokens, 0);
	tokens->refresh_token = refresh_token_make(c, tokens->grant->grant_id, 1, NULL).text;
	tokens->refresh_ends_at = c->now + (client->refresh_seconds ? client->refresh_seconds : c->config->refresh_seconds);
	return issue_tokens_grant_expiry(tokens, issue_tokens_refresh_expiry(c, client, tokens->refresh_ends_at));
}

void issue_tokens_store_access(struct context *c, const struct issued_tokens *tokens)
{
	const struct grant *grant = tokens->grant;
	access_token_insert(c->database, &(struct access_token){
		.token_hash = sha256_of(c->arena, tokens->access_token),
		.grant_id = grant ? grant->grant_id : NULL,
		.client_id = tokens->client->client_id,
		.user_id = grant ? grant->user_id : NULL,
		.scope = tokens->target.scope,
		.audience = tokens->target.audience,
		.confirmation = grant ? grant->confirmation : NULL,
		.issued_at = c->now,
		.expires_at = tokens->expires_at,
	});
	if (context_cleans(c))
		access_token_remove_expired(c->database, c->now, CLEANUP_ROWS);
}

void issue_tokens_store(struct context *c, const struct issued_tokens *tokens)
{
	const struct grant *grant = tokens->grant;
	issue_tokens_store_access(c, tokens);
	if (tokens->refresh_ends_at)
		grant_start_refresh(c->database, grant->grant_id, sha256_of(c->arena, tokens->refresh_token),
			issue_tokens_refresh_expiry(c, tokens->client, tokens->refresh_ends_at), tokens->refresh_ends_at);
	if (context_cleans(c))
		grant_remove_expired(c->database, c->now, CLEANUP_ROWS);
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = tokens->event, .user_id = grant->user_id,
		.client_id = grant->client_id, .sid = grant->sid, .grant_id = grant->grant_id, .address = c->request.address,
		.request_id = c->request_id, .detail = grant->scope });
}

enum outcome issue_tokens_answer(struct context *c, const struct issued_tokens *tokens)
{
	struct buffer *out = &c->response.body;
	json_object_open(out, NULL);
	json_text(out, "access_token", tokens->access_token);
	json_text(out, "token_type", "Bearer");
	json_number(out, "expires_in", tokens->expires_at - c->now);
	json_text(out, "scope", tokens->target.scope);
	json_text(out, "id_token", tokens->id_token);
	json_text(out, "refresh_token", tokens->refresh_token);
	json_object_close(out);
	return response_json(c, 200);
}
