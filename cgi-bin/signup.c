/*
 * The sign-up page: makes an account and signs its user in, where the configuration allows it (signup = on).
 * Shown for an authorization request (the flow), or alone; ends at /authorize.
 * Changes: the user and their claims, the session and its cookie, the flow, the counters, the audit log.
 */
#include <string.h>

#include "cgi-bin/pages/pages.h"
#include "lib/base/json_write.h"
#include "lib/base/utf8.h"
#include "lib/crypto/random.h"
#include "lib/crypto/sealed_hash.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/html.h"
#include "lib/http/message_text.h"
#include "lib/identity/attempts.h"
#include "lib/identity/csrf.h"
#include "lib/identity/flow.h"
#include "lib/identity/password.h"
#include "lib/identity/session.h"
#include "lib/identity/username.h"
#include "lib/protocol/authorization_request.h"
#include "lib/records/audit_store.h"
#include "lib/records/user_store.h"

enum { HOUR = 3600 };

static enum outcome show(struct context *c, const struct flow *flow, const struct client *client, int status, const char *error)
{
	struct page *page = page_create(c);
	const char *least = arena_format(c->arena, "%lld", (long long)c->config->password_min_length);
	page_set(page, "action", config_endpoint_url(c->arena, c->config, "signup"));
	page_set(page, "flow", flow->flow_id);
	page_set(page, "csrf", csrf_token(c, flow_secret(c, flow), "signup"));
	page_set(page, "client_name", client ? client->client_name : NULL);
	page_set(page, "username", parameter(c, "username"));
	page_set(page, "name", parameter(c, "name"));
	page_set(page, "email", parameter(c, "email"));
	page_set(page, "min_length", least);
	page_set(page, "login_url", flow_url(c, "login", flow));
	page_set(page, "error", error ? message_text(c->arena, error, "min_length", least) : NULL);
	return page_answer(c, status, &template_signup, "title_signup", page, PAGE_FORMS_LEAVE);
}

static bool is_email(const char *text)
{
	const char *at = strrchr(text, '@');
	return at && at > text && at[1] && !strchr(text, ' ');
}

/* The key of what is wrong with the form; NULL if nothing is. */
static const char *form_problem(struct context *c)
{
	const char *username = parameter(c, "username"), *password = parameter(c, "password");
	const char *email = parameter(c, "email"), *name = parameter(c, "name");
	if (parameters_problem(c, "username") || !username || !username_is_valid(username))
		return "username_invalid";
	if (parameters_problem(c, "password"))
		return "password_malformed";
	if (!password)
		return "password_too_short";
	if (parameters_problem(c, "email") || (email && !is_email(email)))
		return "email_invalid";
	if (parameters_problem(c, "name") || (name && utf8_count(name) > 128))
		return "name_invalid";
	return password_problem(c->config, username, password);
}

static void set_claim(struct context *c, const char *user_id, const char *name, const char *text)
{
	struct buffer json = buffer_create(c->arena, 64);
	json_text(&json, NULL, text);
	if (text)
		user_set_claim(c->database, user_id, name, json.data);
}

/* The new user, not stored yet; NULL if no slot for Argon2id came free. */
static struct user *make_user(struct context *c)
{
	const char *error;
	char *sealed;
	struct user *user = arena_alloc(c->arena, sizeof *user);
	user->user_id = random_alphanumeric(c->arena, 22);
	user->username = text_lowercase(c->arena, parameter(c, "username"));
	user->created_at = user->password_changed_at = c->now;
	enum sealed_hash_result made = sealed_hash_make(c->arena, c->config, password_purpose(c->arena, user->user_id),
		parameter(c, "password"), &sealed, &error);
	if (made == SEALED_HASH_BROKEN)
		fail(c, "new password: %s", error);
	user->password = sealed;
	return made == SEALED_HASH_MATCHES ? user : NULL;
}

static enum outcome sign_up(struct context *c, const struct flow *flow, const struct client *client)
{
	const char *problem = form_problem(c);
	if (problem)
		return show(c, flow, client, 400, problem);
	database_begin(c->database, DATABASE_RELAXED);
	bool allowed = attempt_count(c, "signup:address", attempt_network(c), c->config->signup_limit_address, HOUR);
	database_commit(c->database);
	if (!allowed)
		return show(c, flow, client, 429, "signup_limited");
	struct user *user = make_user(c);
	if (!user)
		return show(c, flow, client, 503, "login_busy");

	database_begin(c->database, DATABASE_DURABLE);
	if (!user_insert(c->database, user)) {
		database_rollback(c->database);
		return show(c, flow, client, 409, "username_taken");
	}
	set_claim(c, user->user_id, "name", parameter(c, "name"));
	set_claim(c, user->user_id, "email", parameter(c, "email"));
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = AUDIT_SIGNUP, .user_id = user->user_id,
		.client_id = flow->client_id, .address = c->request.address, .request_id = c->request_id });
	session_start(c, user->user_id, "pwd", ACR_PASSWORD, false);
	flow_set_selected(c->database, flow->flow_id, user->user_id);
	if (!flow->client_id)
		flow_remove(c->database, flow->flow_id);
	database_commit(c->database);

	return flow_go_on(c, flow);
}

static enum outcome handle(struct context *c)
{
	if (c->config->signup == SIGNUP_OFF)
		return refuse(c, NOT_FOUND, "RFC 9110 15.5.5");
	parameters_require(c, c->request.method == METHOD_POST ? "flow" : NULL);
	if (c->request.method != METHOD_POST && !parameter(c, "flow"))
		flow_open_alone(c);
	const struct flow *flow = flow_require(c);
	const struct client *client = flow->client_id ? authorization_client_require(c, flow) : NULL;
	c->answer_error = NULL;

	if (c->request.method != METHOD_POST)
		return show(c, flow, client, 200, NULL);
	csrf_require(c, flow_secret(c, flow), "signup");
	return sign_up(c, flow, client);
}

static const struct parameter parameters[] = {
	FLOW_PARAMETER,
	CSRF_PARAMETER,
	{ "username", is_text, 256, false },
	{ "password", is_text, 1024, false },
	{ "name", is_text, 512, false },
	{ "email", is_text, 254, false },
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "signup",
	.purpose = "makes an account, where the configuration allows it",
	.specification = "OpenID Connect Core 5.1; NIST SP 800-63B-4 3.1.1",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_PAGES,
	.parameters_later = true, /* a field that is wrong is said beside the form, not on an error page */
	.parameters = parameters,
	.reads = "clients",
	.writes = "users user_claims sessions audit " FLOW_TABLES,
	.keys = "credentials",
	.handle = handle,
};
