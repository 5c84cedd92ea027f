/*
 * Signing in by a passkey (WebAuthn 7.2): the form that htdocs/passkey.js fills in and sends. The key says who signs in; that the
 * authenticator verified its user makes it two factors. What is wrong leads back to the page, with a challenge of its own.
 * Changes: the passkey's sign count, the session and its cookie, the flow, the counters of attempts, the audit log.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/crypto/base64.h"
#include "lib/endpoint/endpoint.h"
#include "lib/identity/attempts.h"
#include "lib/identity/csrf.h"
#include "lib/identity/flow.h"
#include "lib/identity/notice.h"
#include "lib/identity/passkey.h"
#include "lib/identity/session.h"
#include "lib/identity/sign_in.h"
#include "lib/records/audit_store.h"
#include "lib/records/passkey_store.h"

enum { FIRST_FACTOR_SECONDS = 600 };

/* One passkey that is tried. */
struct trial {
	const struct flow *flow;
	const struct passkey *passkey; /* NULL: unknown */
	const struct user *user;
	struct webauthn_authenticator authenticator;
};

/* To the page that it came from, which says what `problem` means. */
static enum outcome go_back(struct context *c, const struct flow *flow, const char *problem)
{
	bool is_second = flow->first_user_id && flow->first_at >= c->now - FIRST_FACTOR_SECONDS;
	return response_redirect(c, arena_format(c->arena, "%s&passkey=%s", flow_url(c, is_second ? "second_factor" : "login", flow), problem));
}

/* A failed sign-in as any other: audited, and its challenge is used up. */
static enum outcome record_failure(struct context *c, const struct trial *trial, const char *event, const char *why, const char *problem)
{
	const struct user *user = trial->user;
	log_write(LOG_INFO, "passkey refused: %s", why);
	database_begin(c->database, DATABASE_DURABLE);
	flow_use_passkey_challenge(c->database, trial->flow->flow_id, trial->flow->passkey_challenges);
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = event, .user_id = user ? user->user_id : NULL,
		.client_id = trial->flow->client_id, .address = c->request.address, .request_id = c->request_id, .detail = "passkey" });
	if (text_equal(event, AUDIT_PASSKEY_CLONED))
		notice_add(c, (struct outbox_row){ .kind = OUTBOX_PASSKEY_CLONED, .user_id = user->user_id, .detail = trial->passkey->name });
	database_commit(c->database);
	return go_back(c, trial->flow, problem);
}

/* Counted before the check. Nobody guesses keys, but each attempt costs a signature check. */
static bool count_attempt(struct context *c)
{
	database_begin(c->database, DATABASE_RELAXED);
	bool counted = attempt_count(c, "login:address", attempt_network(c), c->config->login_limit_address, c->config->login_limit_seconds);
	database_commit(c->database);
	return counted;
}

/* The passkey by its id, and its user. */
static void find(struct context *c, struct trial *trial)
{
	size_t length;
	const char *text = parameter(c, "credential_id");
	const unsigned char *id = text ? base64url_decode(c->arena, text, strlen(text), &length) : NULL;
	if (id && length > 0 && length <= WEBAUTHN_CREDENTIAL_ID_LONGEST)
		trial->passkey = passkey_find(c->database, id, length);
	if (trial->passkey)
		trial->user = user_find(c->database, trial->passkey->user_id);
}

/* NULL, or the clause that is not fulfilled. */
static const char *check(struct context *c, const struct webauthn_site *site, struct trial *trial)
{
	const struct webauthn_assertion assertion = { parameter(c, "client_data"), parameter(c, "authenticator_data"), parameter(c, "signature") };
	const char *handle = parameter(c, "user_handle");
	if (!trial->passkey || !trial->user || trial->user->disabled_at)
		return "WebAuthn 2 7.2 (7): credential";
	if (!handle || !text_equal(handle, base64url_encode(c->arena, trial->user->user_id, strlen(trial->user->user_id))))
		return "WebAuthn 2 7.2 (6): user handle";
	const char *problem = webauthn_check_assertion(c->arena, site, &assertion, trial->passkey->public_jwk, &trial->authenticator);
	if (problem)
		return problem;
	/* What can be copied and what cannot is fixed when the key is made. */
	return trial->passkey->backed_up && !trial->authenticator.backup_eligible ? "WebAuthn 3 7.2: backup eligibility" : NULL;
}

/* Of two authenticators with one key, one counts behind the other. */
static bool count_is_higher(const struct trial *trial)
{
	int64_t before = trial->passkey->sign_count, now = trial->authenticator.sign_count;
	return (before == 0 && now == 0) || now > before;
}

static enum outcome sign_in(struct context *c, const struct trial *trial)
{
	const struct flow *flow = trial->flow;
	const struct webauthn_authenticator *authenticator = &trial->authenticator;
	/* RFC 8176 2: a key that is synchronised is no piece of hardware. */
	const char *amr = authenticator->backed_up ? "swk user mfa" : "hwk user mfa";
	database_begin(c->database, DATABASE_DURABLE);
	if (!flow_use_passkey_challenge(c->database, flow->flow_id, flow->passkey_challenges)
		|| !passkey_use(c->database, trial->passkey, authenticator->sign_count, authenticator->backed_up, c->now)) {
		database_rollback(c->database);
		return record_failure(c, trial, AUDIT_LOGIN_FAILURE, "WebAuthn 2 13.4.3: used meanwhile", "failed");
	}
	attempt_take_back(c, "login:address", attempt_network(c));
	sign_in_complete(c, flow, trial->user->user_id, amr, ACR_TWO_FACTORS, flow->stay || parameter(c, "stay"));
	database_commit(c->database);
	return flow_go_on(c, flow);
}

static enum outcome handle(struct context *c)
{
	const struct flow *flow = flow_require(c);
	csrf_require(c, flow_secret(c, flow), PASSKEY_FORM);
	const struct webauthn_site *site = passkey_site_of_flow(c, flow);
	if (!site)
		return refuse_because(c, NOT_FOUND, "WebAuthn 2 4", "The issuer has no host name that browsers know passkeys for.");

	struct trial trial = { .flow = flow };
	if (!count_attempt(c))
		return record_failure(c, &trial, AUDIT_LOGIN_LIMITED, "RFC 6585 4: too many attempts", "limited");
	find(c, &trial);
	const char *problem = check(c, site, &trial);
	if (problem)
		return record_failure(c, &trial, AUDIT_LOGIN_FAILURE, problem, "failed");
	if (!count_is_higher(&trial))
		return record_failure(c, &trial, AUDIT_PASSKEY_CLONED, "WebAuthn 2 7.2 (21): sign count", "copied");
	if (flow->required_user_id && !text_equal(flow->required_user_id, trial.user->user_id))
		return record_failure(c, &trial, AUDIT_LOGIN_FAILURE, "OpenID Connect Core 3.1.2.1: another user", "user");
	return sign_in(c, &trial);
}

static const struct parameter parameters[] = {
	FLOW_PARAMETER,
	CSRF_PARAMETER,
	{ "credential_id", is_base64url, 1364, false },
	{ "authenticator_data", is_base64url, 5462, false },
	{ "client_data", is_base64url, 5462, false },
	{ "signature", is_base64url, 1366, false },
	{ "user_handle", is_base64url, 86, false },
	{ "stay", is_visible_ascii, 8, false },
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "passkey",
	.purpose = "signs a user in by passkey",
	.specification = "WebAuthn 2 7.2; RFC 8176 2; NIST SP 800-63B-4 3.1.7",
	.methods = METHOD_POST,
	.answers = ANSWERS_PAGES,
	.parameters = parameters,
	.reads = "users clients",
	.writes = "passkeys " FLOW_TABLES " " SIGN_IN_COMPLETE_TABLES,
	.keys = NULL,
	.handle = handle,
};
