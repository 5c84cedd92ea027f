/*
 * The page behind the link that proves an e-mail address. Opening it changes nothing; its button does.
 * Changes: the claims email and email_verified, the address that waited, the outbox (the old address is told), the audit log.
 */
#include "cgi-bin/pages/pages.h"
#include "lib/base/json_write.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/messages.h"
#include "lib/identity/csrf.h"
#include "lib/identity/link.h"
#include "lib/identity/notice.h"
#include "lib/records/audit_store.h"
#include "lib/records/email_change_store.h"
#include "lib/records/user_store.h"

static enum outcome tell_ended(struct context *c)
{
	return link_tell(c, &template_link_done, &(struct link_news){ 404, "title_link_ended", "link_ended_email",
		config_static_url(c->arena, c->config, "account/"), "link_account" });
}

static void set_claims(struct context *c, const char *user_id, const char *email)
{
	struct buffer json = buffer_create(c->arena, 64);
	json_text(&json, NULL, email);
	user_set_claim(c->database, user_id, "email", json.data);
	user_set_claim(c->database, user_id, "email_verified", "true");
}

/* Inside the transaction: false if the link was used, or another address took the place of this one. */
static bool take(struct context *c, const struct link *link)
{
	const struct user *user = user_find(c->database, link->user_id);
	const char *pending = email_change_find(c->database, link->user_id);
	if (!link_use(c->database, link->link_hash, c->now))
		return false;
	if (!user || user->disabled_at || !pending || !text_equal(pending, link->detail))
		return false;
	const struct claims claims = user_claims(c->database, user->user_id);
	const char *old = claims_text(c->arena, &claims, "email");
	set_claims(c, user->user_id, pending);
	email_change_remove(c->database, user->user_id);
	user_change(c->database, user->user_id, user->version);
	/* A link to a new password that is in the old mailbox must not count any more. */
	link_remove_of_user(c->database, user->user_id, LINK_RESET_PASSWORD);
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = AUDIT_EMAIL_CHANGED, .user_id = user->user_id,
		.address = c->request.address, .request_id = c->request_id });
	if (old && !text_equal_ignoring_case(old, pending))
		notice_add(c, (struct outbox_row){ .kind = OUTBOX_EMAIL_CHANGED, .user_id = user->user_id, .detail = old });
	return true;
}

static enum outcome handle(struct context *c)
{
	parameter_require(c, "token", "RFC 9110 15.5.1");
	const struct link *link = link_given(c, LINK_VERIFY_EMAIL);
	if (!link || !text_equal(email_change_find(c->database, link->user_id), link->detail))
		return tell_ended(c);
	if (c->request.method != METHOD_POST) {
		struct page *page = page_create(c);
		page_set(page, "heading", message("title_verify_email"));
		page_set(page, "text", message("verify_email_text"));
		page_set(page, "email", link->detail);
		page_set(page, "action", config_endpoint_url(c->arena, c->config, "verify_email"));
		page_set(page, "token", parameter(c, "token"));
		page_set(page, "submit", message("verify_email_submit"));
		return page_answer(c, 200, &template_link_confirm, "title_verify_email", page, PAGE_FORMS_STAY);
	}
	csrf_require_origin(c, CSRF_ORIGIN_MAY_MISS);
	database_begin(c->database, DATABASE_DURABLE);
	bool taken = take(c, link);
	database_commit(c->database);
	if (!taken)
		return tell_ended(c);
	return link_tell(c, &template_link_done, &(struct link_news){ 200, "title_verify_email_done", "verify_email_done_text",
		config_static_url(c->arena, c->config, "account/"), "link_account" });
}

static const struct parameter parameters[] = {
	LINK_PARAMETER,
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "verify_email",
	.purpose = "takes the proof that an e-mail address is the user's",
	.specification = "OpenID Connect Core 5.1",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_PAGES,
	.parameters = parameters,
	.reads = NULL,
	.writes = "users user_claims email_changes links outbox audit",
	.keys = NULL,
	.handle = handle,
};
