/*
 * The sign-up page: makes an account and signs its user in, where the configuration allows it: for everybody (signup = on),
 * or for who has an invitation. Where only certain domains may sign up, it asks for the e-mail address first and has an
 * invitation sent there. Shown for an authorization request (the flow), or alone; ends at /authorize.
 * Changes: the user and their claims, the address that waits to be proven, the invitation, the session and its cookie, the
 * flow, the outbox, the counters, the audit log.
 */
#include <string.h>

#include "cgi-bin/pages/pages.h"
#include "lib/base/email_address.h"
#include "lib/base/json_write.h"
#include "lib/base/utf8.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/crypto/sealed_hash.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/html.h"
#include "lib/http/message_text.h"
#include "lib/identity/attempts.h"
#include "lib/identity/csrf.h"
#include "lib/identity/flow.h"
#include "lib/identity/link.h"
#include "lib/identity/notice.h"
#include "lib/identity/password.h"
#include "lib/identity/session.h"
#include "lib/identity/sign_in.h"
#include "lib/identity/username.h"
#include "lib/protocol/authorization_request.h"
#include "lib/records/audit_store.h"
#include "lib/records/email_change_store.h"
#include "lib/records/invitation_store.h"
#include "lib/records/user_store.h"

enum {
	HOUR = 3600,
	LINKS_PER_HOUR = 3, /* to one e-mail address */
};

/* One form on its way. */
struct form {
	const struct flow *flow;
	const struct client *client;         /* NULL: nobody signs up for an application */
	const struct invitation *invitation; /* NULL: without one */
};

/* An invited address is the operator's word, or it read the mail; else it is what was typed. */
static const char *form_email(struct context *c, const struct form *form)
{
	return form->invitation && form->invitation->email ? form->invitation->email : parameter(c, "email");
}

static enum outcome show(struct context *c, const struct form *form, int status, const char *error)
{
	const struct flow *flow = form->flow;
	const struct client *client = form->client;
	struct page *page = page_create(c);
	const char *least = arena_format(c->arena, "%lld", (long long)c->config->password_min_length);
	page_set(page, "action", config_endpoint_url(c->arena, c->config, "signup"));
	page_set(page, "flow", flow->flow_id);
	page_set(page, "csrf", csrf_token(c, flow_secret(c, flow), "signup"));
	page_set(page, "client_name", client ? client->client_name : NULL);
	page_set(page, "username", parameter(c, "username"));
	page_set(page, "name", parameter(c, "name"));
	page_set(page, "email", form_email(c, form));
	page_set(page, "email_locked", form->invitation ? form->invitation->email : NULL);
	page_set(page, "email_required", form->invitation ? NULL : c->config->signup_domains);
	page_set(page, "invitation", form->invitation ? parameter(c, "invitation") : NULL);
	page_set(page, "min_length", least);
	page_set(page, "login_url", flow_url(c, "login", flow));
	if (text_equal(error, "email_domain"))
		page_set(page, "error", message_text(c->arena, error, "domains", c->config->signup_domains));
	else
		page_set(page, "error", error ? message_text(c->arena, error, "min_length", least) : NULL);
	return page_answer(c, status, &template_signup, "title_signup", page, PAGE_FORMS_LEAVE);
}

static bool is_email(const char *text)
{
	const char *at = strrchr(text, '@');
	return at && at > text && at[1] && !strchr(text, ' ');
}

static bool domain_is_allowed(struct context *c, const char *email)
{
	const char *domains = c->config->signup_domains, *at = strrchr(email, '@');
	return !domains || (at && words_contain(text_lowercase(c->arena, domains), text_lowercase(c->arena, at + 1)));
}

/* An invitation without an address lets in whom the domains let in. */
static const char *email_problem(struct context *c, const struct form *form)
{
	const char *email = form_email(c, form);
	if (form->invitation && form->invitation->email)
		return NULL;
	if (parameters_problem(c, "email") || (email && !is_email(email)))
		return "email_invalid";
	if (!email)
		return c->config->signup_domains ? "email_needed" : NULL;
	return domain_is_allowed(c, email) ? NULL : "email_domain";
}

/* The key of what is wrong with the form; NULL if nothing is. */
static const char *form_problem(struct context *c, const struct form *form)
{
	const char *username = parameter(c, "username"), *password = parameter(c, "password");
	const char *name = parameter(c, "name");
	if (parameters_problem(c, "username") || !username || !username_is_valid(username))
		return "username_invalid";
	if (parameters_problem(c, "password"))
		return "password_malformed";
	if (!password)
		return "password_too_short";
	if (email_problem(c, form))
		return email_problem(c, form);
	if (parameters_problem(c, "name") || (name && utf8_count(name) > 128))
		return "name_invalid";
	const struct password_subject subject = { .username = username, .email = form_email(c, form), .names = { name } };
	return password_check(c->arena, c->config, &subject, password);
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
		password_normalise(c->arena, parameter(c, "password")), &sealed, &error);
	if (made == SEALED_HASH_BROKEN)
		fail(c, "new password: %s", error);
	user->password = sealed;
	return made == SEALED_HASH_MATCHES ? user : NULL;
}

/* Nobody invited who came by themselves: the text for them speaks of no one to ask. */
static const char *ended_text(struct context *c)
{
	return c->config->signup == SIGNUP_ON ? "link_ended_signup" : "link_ended_invitation";
}

static const char *audit_detail(const struct invitation *invitation)
{
	return !invitation ? NULL : invitation->requested ? "email" : "invitation";
}

/* Inside the transaction. A typed address counts as proven once the link that goes there was used. */
static void store_email(struct context *c, const struct form *form, const char *user_id)
{
	const char *email = form_email(c, form);
	set_claim(c, user_id, "email", email);
	if (form->invitation && form->invitation->email) {
		user_set_claim(c->database, user_id, "email_verified", "true");
	} else if (email) {
		email_change_save(c->database, user_id, email, c->now);
		notice_add(c, (struct outbox_row){ .kind = OUTBOX_VERIFY_EMAIL, .user_id = user_id });
	}
}

/* Inside the transaction: NULL, or the key of why there is no account now. */
static const char *store(struct context *c, const struct form *form, const struct user *user)
{
	if (!user_insert(c->database, user))
		return "username_taken";
	if (form->invitation && !invitation_use(c->database, form->invitation->invitation_hash, c->now))
		return ended_text(c);
	if (form->invitation && form->invitation->requested)
		invitation_remove_requested(c->database, form->invitation->email);
	set_claim(c, user->user_id, "name", parameter(c, "name"));
	store_email(c, form, user->user_id);
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = AUDIT_SIGNUP, .user_id = user->user_id,
		.client_id = form->flow->client_id, .address = c->request.address, .request_id = c->request_id,
		.detail = audit_detail(form->invitation) });
	sign_in_complete(c, form->flow, user->user_id, AMR_PASSWORD, ACR_PASSWORD, false);
	return NULL;
}

static enum outcome sign_up(struct context *c, const struct form *form)
{
	const char *problem = form_problem(c, form);
	if (problem)
		return show(c, form, 400, problem);
	database_begin(c->database, DATABASE_RELAXED);
	bool allowed = attempt_count(c, "signup:address", attempt_network(c), c->config->signup_limit_address, HOUR);
	database_commit(c->database);
	if (!allowed)
		return show(c, form, 429, "signup_limited");
	struct user *user = make_user(c);
	if (!user)
		return show(c, form, 503, "login_busy");

	database_begin(c->database, DATABASE_DURABLE);
	problem = store(c, form, user);
	if (problem) {
		database_rollback(c->database);
		return show(c, form, 409, problem);
	}
	database_commit(c->database);
	return flow_go_on(c, form->flow);
}

/* flow_open_alone() with the invitation on the way. */
static enum outcome open_flow(struct context *c)
{
	struct flow flow = { .max_age = -1, .address = c->request.address, .created_at = c->now,
		.expires_at = c->now + c->config->flow_seconds };
	flow_open(c, &flow);
	const char *url = flow_url(c, "signup", &flow);
	if (parameter(c, "invitation"))
		url = arena_format(c->arena, "%s&invitation=%s", url, parameter(c, "invitation"));
	return response_redirect(c, url);
}

static enum outcome turn_away(struct context *c, int status, const char *title, const char *text)
{
	return link_tell(c, &template_link_done, &(struct link_news){ status, title, text,
		config_endpoint_url(c->arena, c->config, "login"), "link_login" });
}

/* ---- by mail */

static enum outcome show_request(struct context *c, const struct form *form, int status, const char *error)
{
	const struct flow *flow = form->flow;
	struct page *page = page_create(c);
	page_set(page, "action", config_endpoint_url(c->arena, c->config, "signup"));
	page_set(page, "flow", flow->flow_id);
	page_set(page, "csrf", csrf_token(c, flow_secret(c, flow), "signup"));
	page_set(page, "email", parameter(c, "email"));
	page_set(page, "domains", c->config->signup_domains);
	page_set(page, "login_url", flow_url(c, "login", flow));
	page_set(page, "error", error ? message_text(c->arena, error, "domains", c->config->signup_domains) : NULL);
	return page_answer(c, status, &template_signup_request, "title_signup", page, PAGE_FORMS_STAY);
}

/*
 * The domains are no secret: who is outside is told so. Which addresses inside have an account is one: for each the same is
 * done and said, and deliver finds out what the mail has to say.
 */
static enum outcome request_link(struct context *c, const struct form *form)
{
	const char *email = parameter(c, "email"), *problem = email_problem(c, form);
	if (!problem && !email_address_is_plain(email))
		problem = "email_invalid";
	if (problem)
		return show_request(c, form, 400, problem);
	database_begin(c->database, DATABASE_DURABLE);
	bool allowed = attempt_count(c, "signup_link:address", attempt_network(c), c->config->mail_limit_address, HOUR);
	if (allowed && attempt_count(c, "signup_link:email", text_lowercase(c->arena, email), LINKS_PER_HOUR, HOUR))
		notice_add(c, (struct outbox_row){ .kind = OUTBOX_SIGNUP, .detail = email });
	database_commit(c->database);
	c->wakes_deliver = true;
	if (!allowed) {
		response_header(c, "Retry-After", "3600");
		return show_request(c, form, 429, "reset_limited");
	}
	return link_tell(c, &template_link_done, &(struct link_news){ 200, "title_signup_sent", "signup_sent_text",
		flow_url(c, "login", form->flow), "reset_back" });
}

/* The invitation that the request names; NULL if it has ended. What was asked for here lasts no longer than the policy. */
static const struct invitation *find_invitation(struct context *c)
{
	const struct invitation *invitation = invitation_find(c->database, sha256_of(c->arena, parameter(c, "invitation")), c->now);
	if (invitation && invitation->requested && (c->config->signup != SIGNUP_ON || !domain_is_allowed(c, invitation->email)))
		return NULL;
	return invitation;
}

static enum outcome tell_ended(struct context *c)
{
	if (c->config->signup != SIGNUP_ON)
		return turn_away(c, 404, "title_invitation_ended", ended_text(c));
	return link_tell(c, &template_link_done, &(struct link_news){ 404, "title_link_ended", ended_text(c),
		config_endpoint_url(c->arena, c->config, "signup"), "title_signup" });
}

static enum outcome handle(struct context *c)
{
	struct form form = { 0 };
	if (c->config->signup == SIGNUP_OFF)
		return refuse(c, NOT_FOUND, "RFC 9110 15.5.5");
	parameters_require(c, c->request.method == METHOD_POST ? "flow" : NULL);
	if (parameter(c, "invitation")) {
		form.invitation = find_invitation(c);
		if (!form.invitation)
			return tell_ended(c);
	} else if (c->config->signup == SIGNUP_INVITATION) {
		return turn_away(c, 403, "title_invitation_needed", "signup_invitation_needed");
	}
	if (c->request.method != METHOD_POST && !parameter(c, "flow"))
		return open_flow(c);
	form.flow = flow_require(c);
	form.client = form.flow->client_id ? authorization_client_require(c, form.flow) : NULL;
	c->answer_error = NULL;

	/* Anybody can type an address of the domain: who has no invitation proves it first. */
	bool by_mail = !form.invitation && c->config->signup_domains;
	if (c->request.method != METHOD_POST)
		return by_mail ? show_request(c, &form, 200, NULL) : show(c, &form, 200, NULL);
	csrf_require(c, flow_secret(c, form.flow), "signup");
	return by_mail ? request_link(c, &form) : sign_up(c, &form);
}

static const struct parameter parameters[] = {
	FLOW_PARAMETER,
	CSRF_PARAMETER,
	{ "username", is_text, 256, false },
	{ "password", is_text, 1024, false },
	{ "name", is_text, 512, false },
	{ "email", is_text, 254, false },
	{ "invitation", is_base64url, 43, false },
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
	.writes = "users user_claims email_changes invitations " FLOW_TABLES " " SIGN_IN_COMPLETE_TABLES,
	.keys = "credentials",
	.handle = handle,
};
