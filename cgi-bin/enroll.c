/*
 * Setting up an authenticator app during the sign-in, for who needs a second factor and has none. Then the recovery codes
 * are shown, once, and the sign-in goes on.
 * Changes: app, recovery codes; the session and its cookie, the flow, the counter of attempts, the audit log; a notice by mail.
 */
#include "cgi-bin/pages/pages.h"
#include "lib/crypto/digest.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/messages.h"
#include "lib/identity/csrf.h"
#include "lib/identity/flow.h"
#include "lib/identity/notice.h"
#include "lib/identity/second_factor.h"
#include "lib/identity/second_step.h"
#include "lib/identity/session.h"
#include "lib/identity/sign_in.h"
#include "lib/records/audit_store.h"

/*
 * Which key this page showed. The set-up under way is one a user: who knows the password could have begun it and would
 * know the key for good, so a code confirms only what this very browser was shown.
 */
static const char *seed_mark(struct context *c, const struct flow *flow, const char *seed)
{
	return csrf_token(c, flow_secret(c, flow), arena_format(c->arena, "enroll:%s", seed));
}

/* In groups of four, to be typed. */
static const char *spaced(struct context *c, const char *seed)
{
	struct buffer text = buffer_create(c->arena, 64);
	for (size_t i = 0; seed[i]; i++) {
		if (i > 0 && i % 4 == 0)
			buffer_char(&text, ' ');
		buffer_char(&text, seed[i]);
	}
	return text.data;
}

static enum outcome show(struct context *c, const struct flow *flow, const struct second_step *owed, const char *seed, int status,
	const char *error)
{
	const char *uri = totp_uri(c, owed->user, seed);
	struct page *page = page_create(c);
	page_set(page, "action", config_endpoint_url(c->arena, c->config, "enroll"));
	page_set(page, "flow", flow->flow_id);
	page_set(page, "csrf", csrf_token(c, flow_secret(c, flow), "enroll"));
	page_set(page, "seed_mark", seed_mark(c, flow, seed));
	page_set(page, "client_name", owed->client ? owed->client->client_name : NULL);
	page_set(page, "username", owed->user->username);
	page_set(page, "qr_code", totp_qr_code(c, uri));
	page_set(page, "app_uri", uri);
	page_set(page, "seed", spaced(c, seed));
	page_set(page, "switch_url", flow->required_user_id ? NULL : arena_format(c->arena, "%s&switch=1", flow_url(c, "login", flow)));
	page_set(page, "error", error ? message(error) : NULL);
	return page_answer(c, status, &template_enroll, "title_enroll", page, PAGE_FORMS_LEAVE);
}

static enum outcome begin(struct context *c, const struct flow *flow, const struct second_step *owed, int status, const char *error)
{
	database_begin(c->database, DATABASE_RELAXED);
	const char *seed = totp_begin(c, owed->user);
	database_commit(c->database);
	return seed ? show(c, flow, owed, seed, status, error) : flow_go_to(c, "second_factor", flow);
}

static enum outcome show_recovery_codes(struct context *c, const struct flow *flow, const char *const *codes)
{
	struct page *page = page_create(c);
	page_set(page, "action", flow->client_id ? config_endpoint_url(c->arena, c->config, "authorize")
		: config_static_url(c->arena, c->config, "account/"));
	page_set(page, "flow", flow->client_id ? flow->flow_id : NULL);
	for (int i = 0; i < RECOVERY_CODES; i++)
		page_set(page_item(page, "codes"), "text", codes[i]);
	if (!flow->client_id)
		flow_forget(c, flow);
	return page_answer(c, 200, &template_recovery_codes, "title_recovery_codes", page, PAGE_FORMS_LEAVE);
}

/* The same key again, if it is still the one that this browser was shown: after the wait it goes on. */
static enum outcome tell_limited(struct context *c, const struct flow *flow, const struct second_step *owed)
{
	const char *seed = totp_pending(c, owed->user);
	response_header(c, "Retry-After", arena_format(c->arena, "%lld", (long long)c->config->login_limit_seconds));
	if (!seed || !text_equal_in_constant_time(parameter(c, "seed_mark"), seed_mark(c, flow, seed)))
		return begin(c, flow, owed, 429, "second_factor_limited");
	return show(c, flow, owed, seed, 429, "second_factor_limited");
}

static void tell_audit(struct context *c, const struct flow *flow, const struct user *user, const char *event)
{
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = event, .user_id = user->user_id,
		.client_id = flow->client_id, .address = c->request.address, .request_id = c->request_id, .detail = "totp" });
}

static enum outcome confirm(struct context *c, const struct flow *flow, const struct second_step *owed)
{
	const struct user *user = owed->user;
	const char *code = parameter(c, "code");

	if (!second_factor_count(c, user))
		return tell_limited(c, flow, owed);
	database_begin(c->database, DATABASE_DURABLE);
	const char *seed = totp_pending(c, user);
	if (!seed || !text_equal_in_constant_time(parameter(c, "seed_mark"), seed_mark(c, flow, seed))) {
		database_rollback(c->database);
		return begin(c, flow, owed, 409, "enroll_anew");
	}
	if (!code || !totp_confirm(c, user, code)) {
		tell_audit(c, flow, user, AUDIT_SECOND_FACTOR_FAILURE);
		database_commit(c->database);
		return show(c, flow, owed, seed, 403, "enroll_wrong");
	}
	second_factor_forget(c, user);
	const char *const *codes = recovery_codes_make(c, user);
	tell_audit(c, flow, user, AUDIT_FACTOR_ADDED);
	notice_add(c, (struct outbox_row){ .kind = OUTBOX_FACTOR_ADDED, .user_id = user->user_id, .detail = "totp" });
	sign_in_complete(c, flow, user->user_id, AMR_TOTP, ACR_TWO_FACTORS, owed->stay);
	database_commit(c->database);
	return show_recovery_codes(c, flow, codes);
}

static enum outcome handle(struct context *c)
{
	const struct flow *flow = flow_require(c);
	struct second_step owed = second_step_require(c, flow);
	struct second_factor has = second_factor_of(c, owed.user->user_id);

	if (has.totp || has.passkeys > 0 || has.recovery_codes > 0)
		return flow_go_to(c, "second_factor", flow);
	/* Who found a browser signed in must not make the account theirs. */
	if (!owed.fresh)
		return response_redirect(c, arena_format(c->arena, "%s&switch=again", flow_url(c, "login", flow)));
	if (c->request.method != METHOD_POST)
		return begin(c, flow, &owed, 200, NULL);
	csrf_require(c, flow_secret(c, flow), "enroll");
	return confirm(c, flow, &owed);
}

static const struct parameter parameters[] = {
	FLOW_PARAMETER,
	CSRF_PARAMETER,
	{ "seed_mark", is_base64url, 43, false },
	{ "code", is_text, 128, false },
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "enroll",
	.purpose = "sets up an authenticator app during the sign-in, where a second factor is needed",
	.specification = "RFC 6238; NIST SP 800-63B-4 2.2, 4.1",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_PAGES,
	.parameters = parameters,
	.reads = "passkeys " SECOND_STEP_READS,
	.writes = FLOW_TABLES " " SECOND_FACTOR_TABLES " " SIGN_IN_COMPLETE_TABLES,
	.keys = "credentials",
	.handle = handle,
};
