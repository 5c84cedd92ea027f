/*
 * The sign-in page (OpenID Connect Core 3.1.2.3), and the page that asks which account to go on with. Shown for an
 * authorization request (the flow), or alone to somebody who just wants to sign in; ends at /authorize.
 * Changes: the session and its cookie, who was chosen for the flow, the counters of attempts, the audit log.
 */
#include "cgi-bin/pages/pages.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/message_text.h"
#include "lib/http/messages.h"
#include "lib/identity/csrf.h"
#include "lib/identity/flow.h"
#include "lib/identity/second_factor.h"
#include "lib/identity/passkey.h"
#include "lib/identity/session.h"
#include "lib/identity/sign_in.h"
#include "lib/protocol/authorization_request.h"
#include "lib/protocol/interaction.h"

/* The value of `switch` for who is to prove anew who they are; any other: for who wants another account. */
#define SAME_USER "again"

static const char *prefilled_username(struct context *c, const struct flow *flow, const struct session *session)
{
	const struct user *required = flow->required_user_id ? user_find(c->database, flow->required_user_id) : NULL;
	if (required)
		return required->username;
	if (parameter(c, "username"))
		return parameter(c, "username");
	if (flow->login_hint)
		return flow->login_hint;
	return session && (!parameter(c, "switch") || text_equal(parameter(c, "switch"), SAME_USER)) ? session->username : NULL;
}

static struct page *flow_page(struct context *c, const struct flow *flow, const struct client *client)
{
	struct page *page = page_create(c);
	page_set(page, "action", config_endpoint_url(c->arena, c->config, "login"));
	page_set(page, "flow", flow->flow_id);
	page_set(page, "csrf", csrf_token(c, flow_secret(c, flow), "login"));
	page_set(page, "client_name", client ? client->client_name : NULL);
	page_set(page, "client_logo", client ? client->logo_uri : NULL);
	return page;
}

static enum outcome show_login(struct context *c, const struct flow *flow, const struct client *client,
	const struct session *session, int status, const char *error)
{
	struct page *page = flow_page(c, flow, client);
	page_set(page, "username", prefilled_username(c, flow, session));
	page_set(page, "username_locked", flow->required_user_id);
	page_set(page, "error", error ? message(error) : NULL);
	page_set(page, "stay_checked", parameter(c, "stay"));
	page_set(page, "reset_url", flow_url(c, "reset", flow));
	if (c->config->signup == SIGNUP_ON && !flow->required_user_id)
		page_set(page, "signup_url", flow_url(c, "signup", flow));
	passkey_page_set(c, page, flow);
	return page_answer(c, status, &template_login, "title_login", page, PAGE_FORMS_LEAVE);
}

static enum outcome show_select_account(struct context *c, const struct flow *flow, const struct client *client,
	const struct session *session)
{
	struct page *page = flow_page(c, flow, client);
	page_set(page, "username", session->username);
	return page_answer(c, 200, &template_select_account, "title_select_account", page, PAGE_FORMS_LEAVE);
}

static enum outcome select_account(struct context *c, const struct flow *flow, const struct session *session, enum step step)
{
	if (text_equal(parameter(c, "decision"), "other"))
		return response_redirect(c, arena_format(c->arena, "%s&switch=1", flow_url(c, "login", flow)));
	if (step == STEP_SELECT_ACCOUNT) {
		database_begin(c->database, DATABASE_RELAXED);
		flow_set_selected(c->database, flow->flow_id, session->user_id);
		database_commit(c->database);
	}
	return flow_go_on(c, flow);
}

/* The password is right: in, or on to the second factor. */
static enum outcome go_in(struct context *c, const struct flow *flow, const struct sign_in *result)
{
	const struct user *user = result->user;
	bool stay = parameter(c, "stay") != NULL;
	struct second_factor has = second_factor_of(c, user->user_id);
	bool owes = second_factor_is_needed(c, user, &has);

	database_begin(c->database, owes ? DATABASE_RELAXED : DATABASE_DURABLE);
	sign_in_record(c, result);
	if (owes)
		flow_set_first(c->database, flow->flow_id, user->user_id, c->now, stay);
	else
		sign_in_complete(c, flow, user->user_id, AMR_PASSWORD, ACR_PASSWORD, stay);
	database_commit(c->database);
	return owes ? flow_go_to(c, "second_factor", flow) : flow_go_on(c, flow);
}

static enum outcome sign_in(struct context *c, const struct flow *flow, const struct client *client, const struct session *session)
{
	struct sign_in result;
	const char *username = parameter(c, "username"), *password = parameter(c, "password");

	if (!username || !password)
		return show_login(c, flow, client, session, 403, "login_failed");
	switch (sign_in_check(c, username, password, &result)) {
	case SIGN_IN_RIGHT:
		break;
	case SIGN_IN_WRONG:
		return show_login(c, flow, client, session, 403, "login_failed");
	case SIGN_IN_LIMITED:
		response_header(c, "Retry-After", "300");
		return show_login(c, flow, client, session, 429, "login_limited");
	case SIGN_IN_BUSY:
		response_header(c, "Retry-After", "5");
		return show_login(c, flow, client, session, 503, "login_busy");
	}
	if (flow->required_user_id && !text_equal(flow->required_user_id, result.user->user_id))
		return show_login(c, flow, client, session, 403, "login_wrong_user");

	return go_in(c, flow, &result);
}

/* For who signs in without an application; again=account: for who comes from the account page. */
static void open_flow(struct context *c)
{
	const struct session *session = session_current(c);
	if (text_equal(parameter(c, "again"), "account"))
		flow_open_again(c, session ? session->user_id : NULL);
	flow_open_alone(c);
}

static enum outcome handle(struct context *c)
{
	if (c->request.method != METHOD_POST && !parameter(c, "flow"))
		open_flow(c);
	const struct flow *flow = flow_require(c);
	const struct client *client = flow->client_id ? authorization_client_require(c, flow) : NULL;
	const struct session *session = session_current(c);
	enum step step = interaction_next(c, flow, client, session);
	c->answer_error = NULL; /* what goes wrong with a form concerns the user, not the client */

	if (c->request.method == METHOD_POST) {
		csrf_require(c, flow_secret(c, flow), "login");
		if (parameter(c, "decision"))
			return select_account(c, flow, session, step);
		return sign_in(c, flow, client, session);
	}
	if (step == STEP_LOGIN || parameter(c, "switch"))
		return show_login(c, flow, client, session, 200, NULL);
	if (step == STEP_SELECT_ACCOUNT && session)
		return show_select_account(c, flow, client, session);
	if (step == STEP_SECOND_FACTOR)
		return flow_go_to(c, "second_factor", flow);
	return flow_go_on(c, flow);
}

static const struct parameter parameters[] = {
	FLOW_PARAMETER,
	CSRF_PARAMETER,
	{ "username", is_text, 256, false },
	{ "password", is_text, 1024, false },
	{ "stay", is_visible_ascii, 8, false },
	{ "decision", is_visible_ascii, 16, false },
	PASSKEY_PARAMETER,
	{ "switch", is_visible_ascii, 8, false },
	{ "again", is_visible_ascii, 8, false },
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "login",
	.purpose = "signs a user in by password, and lets them choose the account",
	.specification = "OpenID Connect Core 3.1.2.3; NIST SP 800-63B-4 3.1.1; RFC 9700 4.7",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_PAGES,
	.parameters = parameters,
	.reads = "clients consents totp recovery_codes passkeys",
	.writes = FLOW_TABLES " " SIGN_IN_TABLES " " SIGN_IN_COMPLETE_TABLES,
	.keys = "credentials",
	.handle = handle,
};
