/*
 * The page behind the password: asks for the code of an authenticator app, or a recovery code. Shown to who proved a
 * password in this flow, and to who is signed in, but not as surely as the application asks (step-up); ends at /authorize.
 * Changes: the code is used up; the session and its cookie, the flow, the counter of attempts, the audit log.
 */
#include "cgi-bin/pages/pages.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/messages.h"
#include "lib/identity/csrf.h"
#include "lib/identity/flow.h"
#include "lib/identity/passkey.h"
#include "lib/identity/second_factor.h"
#include "lib/identity/second_step.h"
#include "lib/identity/session.h"
#include "lib/identity/sign_in.h"

static enum outcome show(struct context *c, const struct flow *flow, const struct second_step *owed, const struct second_factor *has,
	int status, const char *error)
{
	struct page *page = page_create(c);
	page_set(page, "action", config_endpoint_url(c->arena, c->config, "second_factor"));
	page_set(page, "flow", flow->flow_id);
	page_set(page, "csrf", csrf_token(c, flow_secret(c, flow), "second_factor"));
	page_set(page, "client_name", owed->client ? owed->client->client_name : NULL);
	page_set(page, "client_logo", owed->client ? owed->client->logo_uri : NULL);
	page_set(page, "username", owed->user->username);
	page_set(page, "app", has->totp ? "1" : NULL);
	page_set(page, "code", has->totp || has->recovery_codes > 0 ? "1" : NULL);
	page_set(page, "has_passkeys", has->passkeys > 0 ? "1" : NULL);
	page_set(page, "switch_url", flow->required_user_id ? NULL : arena_format(c->arena, "%s&switch=1", flow_url(c, "login", flow)));
	page_set(page, "error", error ? message(error) : NULL);
	if (has->passkeys > 0)
		passkey_page_set(c, page, flow);
	return page_answer(c, status, &template_second_factor, "title_second_factor", page, PAGE_FORMS_LEAVE);
}

static enum outcome check(struct context *c, const struct flow *flow, const struct second_step *owed, const struct second_factor *has)
{
	struct second_factor_proof proof = { 0 };
	const char *code = parameter(c, "code");
	if (!code)
		return show(c, flow, owed, has, 403, "second_factor_wrong");
	switch (second_factor_check(c, owed->user, code, &proof)) {
	case SECOND_FACTOR_RIGHT:
		break;
	case SECOND_FACTOR_WRONG:
		return show(c, flow, owed, has, 403, "second_factor_wrong");
	case SECOND_FACTOR_LIMITED:
		response_header(c, "Retry-After", arena_format(c->arena, "%lld", (long long)c->config->login_limit_seconds));
		return show(c, flow, owed, has, 429, "second_factor_limited");
	}
	database_begin(c->database, DATABASE_DURABLE);
	if (!second_factor_use(c, owed->user, &proof)) {
		database_commit(c->database); /* that it was tried is audited */
		return show(c, flow, owed, has, 403, "second_factor_wrong");
	}
	sign_in_complete(c, flow, owed->user->user_id, AMR_TOTP, ACR_TWO_FACTORS, owed->stay);
	database_commit(c->database);
	return flow_go_on(c, flow);
}

static enum outcome handle(struct context *c)
{
	const struct flow *flow = flow_require(c);
	struct second_step owed = second_step_require(c, flow);
	struct second_factor has = second_factor_of(c, owed.user->user_id);

	if (c->request.method == METHOD_POST) {
		csrf_require(c, flow_secret(c, flow), "second_factor");
		return check(c, flow, &owed, &has);
	}
	if (!has.totp && has.passkeys == 0 && has.recovery_codes == 0)
		return flow_go_to(c, "enroll", flow);
	return show(c, flow, &owed, &has, 200, NULL);
}

static const struct parameter parameters[] = {
	FLOW_PARAMETER,
	CSRF_PARAMETER,
	{ "code", is_text, 128, false },
	PASSKEY_PARAMETER,
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "second_factor",
	.purpose = "asks for a second factor, after the password or for an application that demands it",
	.specification = "RFC 6238 5.2; NIST SP 800-63B-4 2.2; OpenID Connect Core 3.1.2.1 (acr_values); RFC 8176",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_PAGES,
	.parameters = parameters,
	.reads = "passkeys " SECOND_STEP_READS,
	.writes = FLOW_TABLES " " SECOND_FACTOR_TABLES " " SIGN_IN_COMPLETE_TABLES,
	.keys = "credentials",
	.handle = handle,
};
