/*
 * The authorization code, turned into tokens once (RFC 6749 4.1.3; RFC 7636 4.6; RFC 9700 4.5).
 * Everything is checked and signed first; then one conditional UPDATE decides who of all that try was first.
 */
#include "cgi-bin/grants/grant.h"
#include "cgi-bin/grants/issue_tokens.h"
#include "lib/base/clock.h"
#include "lib/crypto/digest.h"
#include "lib/protocol/pkce.h"
#include "lib/records/audit_store.h"
#include "lib/records/grant_store.h"

static void audit(struct context *c, const char *event, const struct grant *grant, const char *detail)
{
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = event, .user_id = grant->user_id,
		.client_id = grant->client_id, .sid = grant->sid, .grant_id = grant->grant_id, .address = c->request.address,
		.request_id = c->request_id, .detail = detail });
}

/* Somebody has a real code, but is not the one that it was issued to: it burns nothing, and is recorded. */
static enum outcome refuse_code(struct context *c, const struct grant *grant, const char *clause, const char *description)
{
	database_begin(c->database, DATABASE_RELAXED);
	audit(c, AUDIT_CODE_REFUSED, grant, clause);
	return refuse_because(c, INVALID_GRANT, clause, description);
}

/*
 * The code was used before, by somebody who proved all that there is to prove: one of the two stole it, so what the
 * first got is revoked (RFC 6749 4.1.2). A request that was under way before the first use was decided is a client that
 * asked twice at once: it gets nothing, and revokes nothing.
 */
static enum outcome refuse_replay(struct context *c, const struct grant *grant)
{
	bool at_once = c->started_ms <= grant->code_used_at_ms;
	database_begin(c->database, DATABASE_DURABLE);
	if (!at_once && grant_revoke(c->database, grant->grant_id, c->now))
		audit(c, AUDIT_CODE_REPLAYED, grant, "RFC 6749 4.1.2");
	return refuse_because(c, INVALID_GRANT, "RFC 6749 4.1.2", "The authorization code was used before.");
}

static const char *redirect_uri_problem(struct context *c, const struct grant *grant)
{
	const char *sent = parameter(c, "redirect_uri");
	if (!sent) /* OAuth 2.1 4.1.3 needs it no more, PKCE does its work */
		return grant->code_challenge ? NULL : "The redirect_uri is missing.";
	return text_equal(sent, grant->redirect_uri) ? NULL : "The redirect_uri is not that of the authorization request.";
}

enum outcome grant_authorization_code(struct context *c, const struct client *client)
{
	const char *clause, *problem;
	const char *code = parameter_require(c, "code", "RFC 6749 4.1.3");
	const struct grant *grant = grant_find_by_code(c->database, sha256_of(c->arena, code));

	if (!grant)
		return refuse(c, INVALID_GRANT, "RFC 6749 5.2");
	if (!text_equal(grant->client_id, client->client_id))
		return refuse_code(c, grant, "RFC 6749 4.1.3", "The authorization code was issued to another client.");
	if ((problem = redirect_uri_problem(c, grant)))
		return refuse_code(c, grant, "RFC 6749 4.1.3", problem);
	if (pkce_check(c->arena, grant->code_challenge, parameter(c, "code_verifier"), &clause))
		return refuse_code(c, grant, clause, "The code_verifier does not fit the code_challenge.");
	if (grant->code_used_at_ms)
		return refuse_replay(c, grant);
	if (grant->revoked_at || grant->code_expires_at <= c->now)
		return refuse_code(c, grant, "RFC 6749 4.1.2", "The authorization code has expired.");

	struct issued_tokens tokens = issue_tokens_make(c, client, grant);
	int64_t expires_at = issue_tokens_start_refresh(c, &tokens);
	database_begin(c->database, DATABASE_DURABLE);
	if (!grant_use_code(c->database, grant->grant_id, c->now, clock_milliseconds(), expires_at))
		return refuse_because(c, INVALID_GRANT, "RFC 6749 4.1.2", "The authorization code was used at this very moment.");
	issue_tokens_store(c, &tokens);
	database_commit(c->database);
	return issue_tokens_answer(c, &tokens);
}
