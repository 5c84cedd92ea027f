/*
 * A forgotten password: asks for user name or e-mail address and has a link sent; behind the link, a new password.
 * Whether there is such an account is never told, neither by the answer nor by the time that it takes.
 * Changes: the outbox, the counters; with the link: the password, and all sessions, grants and links of the user.
 */
#include <string.h>

#include "cgi-bin/pages/pages.h"
#include "lib/base/json_write.h"
#include "lib/crypto/sealed_hash.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/html.h"
#include "lib/http/message_text.h"
#include "lib/http/messages.h"
#include "lib/identity/attempts.h"
#include "lib/identity/csrf.h"
#include "lib/identity/flow.h"
#include "lib/identity/link.h"
#include "lib/identity/notice.h"
#include "lib/identity/password.h"
#include "lib/identity/second_factor.h"
#include "lib/identity/sign_in.h"
#include "lib/records/audit_store.h"
#include "lib/records/grant_store.h"
#include "lib/records/session_store.h"
#include "lib/records/user_store.h"

enum {
	HOUR = 3600,
	LINKS_PER_HOUR = 3, /* to one account */
	ACCOUNTS_MOST = 5,  /* that share an address and get a link each */
};

static const char *here(struct context *c)
{
	return config_endpoint_url(c->arena, c->config, "reset");
}

static enum outcome show_request(struct context *c, const struct flow *flow, int status, const char *error)
{
	struct page *page = page_create(c);
	page_set(page, "action", here(c));
	page_set(page, "flow", flow->flow_id);
	page_set(page, "csrf", csrf_token(c, flow_secret(c, flow), "reset"));
	page_set(page, "account", parameter(c, "account") ? parameter(c, "account") : flow->login_hint);
	page_set(page, "login_url", flow_url(c, "login", flow));
	page_set(page, "error", error ? message(error) : NULL);
	return page_answer(c, status, &template_reset_request, "title_reset", page, PAGE_FORMS_STAY);
}

struct accounts {
	const char *user_ids[ACCOUNTS_MOST];
	int count;
};

static void collect(void *context, const struct user *user)
{
	struct accounts *accounts = context;
	if (!user->disabled_at && accounts->count < ACCOUNTS_MOST)
		accounts->user_ids[accounts->count++] = user->user_id;
}

static void find_by_username(struct context *c, const char *username, struct accounts *accounts)
{
	const struct user *user = user_find_by_username(c->database, username);
	struct claims claims = user_claims(c->database, user ? user->user_id : "");
	if (user && claims_find(&claims, "email") && text_equal(claims_find(&claims, "email_verified"), "true"))
		collect(accounts, user);
}

/* The accounts that have a proven address to send a link to. No user name has an @. */
static struct accounts find_accounts(struct context *c, const char *account)
{
	struct accounts accounts = { .count = 0 };
	if (!strchr(account, '@')) {
		find_by_username(c, account, &accounts);
		return accounts;
	}
	struct buffer json = buffer_create(c->arena, 64);
	json_text(&json, NULL, account);
	user_list_by_email(c->database, json.data, ACCOUNTS_MOST, collect, &accounts);
	return accounts;
}

/* Inside the transaction. Beyond the limit of an account nothing is sent, and nothing is said of it. */
static void send_link(struct context *c, const char *user_id)
{
	if (attempt_count(c, "reset:account", user_id, LINKS_PER_HOUR, HOUR) && !outbox_has(c->database, OUTBOX_RESET_PASSWORD, user_id))
		notice_add(c, (struct outbox_row){ .kind = OUTBOX_RESET_PASSWORD, .user_id = user_id });
}

static enum outcome request(struct context *c)
{
	const struct flow *flow = flow_require(c);
	if (c->request.method != METHOD_POST)
		return show_request(c, flow, 200, NULL);
	csrf_require(c, flow_secret(c, flow), "reset");
	if (!parameter(c, "account"))
		return show_request(c, flow, 400, NULL);
	struct accounts accounts = find_accounts(c, parameter(c, "account"));

	/* Durable and woken in every case: the time must not tell. */
	database_begin(c->database, DATABASE_DURABLE);
	bool allowed = attempt_count(c, "reset:address", attempt_network(c), c->config->mail_limit_address, HOUR);
	for (int i = 0; allowed && i < accounts.count; i++)
		send_link(c, accounts.user_ids[i]);
	database_commit(c->database);
	c->wakes_deliver = true;

	if (!allowed) {
		response_header(c, "Retry-After", "3600");
		return show_request(c, flow, 429, "reset_limited");
	}
	return link_tell(c, &template_link_done, &(struct link_news){ 200, "title_reset_sent", "reset_sent_text",
		flow_url(c, "login", flow), "reset_back" });
}

static bool has_second_factor(struct context *c, const struct user *user)
{
	struct second_factor has = second_factor_of(c, user->user_id);
	return second_factor_guards(c, user, &has);
}

static enum outcome show_new(struct context *c, const struct user *user, int status, const char *error)
{
	struct page *page = page_create(c);
	const char *least = arena_format(c->arena, "%lld", (long long)password_least(c->config, has_second_factor(c, user)));
	page_set(page, "action", here(c));
	page_set(page, "token", parameter(c, "token"));
	page_set(page, "username", user->username);
	page_set(page, "min_length", least);
	page_set(page, "error", error ? message_text(c->arena, error, "min_length", least) : NULL);
	return page_answer(c, status, &template_reset_password, "title_reset_new", page, PAGE_FORMS_STAY);
}

static enum outcome tell_ended(struct context *c)
{
	return link_tell(c, &template_link_done, &(struct link_news){ 404, "title_link_ended", "link_ended_reset", here(c), "link_again" });
}

enum change { CHANGED, LINK_ENDED, TOO_SHORT };

/* Whoever had the old password, or a session by it, is out (NIST SP 800-63B-4 3.1.1.2). A second factor stays as it is. */
static enum change change_password(struct context *c, const struct link *link, const struct user *user, const char *sealed, bool is_short)
{
	database_begin(c->database, DATABASE_DURABLE);
	const struct user *current = user_find(c->database, user->user_id);
	if (is_short && !(current && has_second_factor(c, current))) { /* it was removed meanwhile */
		database_rollback(c->database);
		return TOO_SHORT;
	}
	if (!link_use(c->database, link->link_hash, c->now)) {
		database_rollback(c->database);
		return LINK_ENDED;
	}
	user_set_password(c->database, user->user_id, sealed, is_short, c->now);
	session_end_all(c->database, user->user_id, NULL);
	grant_revoke_user(c->database, user->user_id, NULL, c->now);
	link_remove_of_user(c->database, user->user_id, NULL);
	sign_in_forget_attempts(c, user);
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = AUDIT_PASSWORD_CHANGED, .user_id = user->user_id,
		.address = c->request.address, .request_id = c->request_id, .detail = "reset" });
	notice_add(c, (struct outbox_row){ .kind = OUTBOX_PASSWORD_CHANGED, .user_id = user->user_id });
	database_commit(c->database);
	return CHANGED;
}

static const char *new_password_problem(struct context *c, const struct user *user, const char *password)
{
	struct claims claims = user_claims(c->database, user->user_id);
	struct password_subject subject = password_subject_of(c->arena, user->username, &claims);
	subject.second_factor = has_second_factor(c, user);
	return password_check(c->arena, c->config, &subject, password);
}

static enum outcome renew(struct context *c)
{
	const struct link *link = link_given(c, LINK_RESET_PASSWORD);
	const struct user *user = link ? user_find(c->database, link->user_id) : NULL;
	const char *password = parameter(c, "password"), *error;
	char *sealed;

	if (!user || user->disabled_at)
		return tell_ended(c);
	if (c->request.method != METHOD_POST)
		return show_new(c, user, 200, NULL);
	csrf_require_origin(c, CSRF_ORIGIN_MAY_MISS); /* the token itself is the rest of the evidence */
	const char *problem = password ? new_password_problem(c, user, password) : "password_too_short";
	if (problem)
		return show_new(c, user, 400, problem);
	switch (sealed_hash_make(c->arena, c->config, password_purpose(c->arena, user->user_id),
		password_normalise(c->arena, password), &sealed, &error)) {
	case SEALED_HASH_MATCHES:
		break;
	case SEALED_HASH_BUSY:
		response_header(c, "Retry-After", "5");
		return show_new(c, user, 503, "login_busy");
	default:
		fail(c, "new password: %s", error);
	}
	switch (change_password(c, link, user, sealed, password_is_short(c->arena, c->config, password))) {
	case CHANGED:
		break;
	case LINK_ENDED:
		return tell_ended(c);
	case TOO_SHORT:
		return show_new(c, user, 400, "password_too_short");
	}
	return link_tell(c, &template_link_done, &(struct link_news){ 200, "title_reset_done", "reset_done_text",
		config_endpoint_url(c->arena, c->config, "login"), "link_login" });
}

static enum outcome handle(struct context *c)
{
	if (parameter(c, "token"))
		return renew(c);
	if (c->request.method != METHOD_POST && !parameter(c, "flow"))
		flow_open_alone(c);
	return request(c);
}

static const struct parameter parameters[] = {
	FLOW_PARAMETER,
	CSRF_PARAMETER,
	LINK_PARAMETER,
	{ "account", is_text, 256, false },
	{ "password", is_text, 1024, false },
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "reset",
	.purpose = "sends a link to who forgot their password, and takes the new one",
	.specification = "NIST SP 800-63B-4 3.1.1.2, 4.2.2; RFC 9700 4.7",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_PAGES,
	.parameters = parameters,
	.reads = "clients user_claims totp recovery_codes passkeys",
	.writes = "users links sessions grants outbox audit " FLOW_TABLES,
	.keys = "credentials",
	.handle = handle,
};
