/*
 * The page behind the link in the notice of a sign-in from a new browser: whoever did not sign in there ends that session.
 * Opening it changes nothing; its button does.
 * Changes: that session and all that applications got in it, the devices known, the audit log.
 */
#include "cgi-bin/pages/pages.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/messages.h"
#include "lib/identity/csrf.h"
#include "lib/identity/link.h"
#include "lib/records/audit_store.h"
#include "lib/records/device_store.h"
#include "lib/records/grant_store.h"
#include "lib/records/session_store.h"

static enum outcome tell(struct context *c, int status, const char *title, const char *text)
{
	return link_tell(c, &template_link_done, &(struct link_news){ status, title, text,
		config_endpoint_url(c->arena, c->config, "reset"), "reset_again" });
}

/* Inside the transaction: false if the link was used meanwhile. */
static bool end_session(struct context *c, const struct link *link)
{
	if (!link_use(c->database, link->link_hash, c->now))
		return false;
	/* Unlike signing out, this ends offline access too: it was given by somebody else. */
	grant_revoke_session_whole(c->database, link->detail, link->user_id, c->now);
	device_remove_of_session(c->database, link->user_id, link->detail);
	session_end(c->database, link->user_id, link->detail);
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = AUDIT_SESSION_REPORTED, .user_id = link->user_id,
		.sid = link->detail, .address = c->request.address, .request_id = c->request_id });
	return true;
}

static enum outcome handle(struct context *c)
{
	parameter_require(c, "token", "RFC 9110 15.5.1");
	const struct link *link = link_given(c, LINK_NOT_ME);
	if (!link || !link->detail)
		return tell(c, 404, "title_link_ended", "link_ended_not_me");
	if (c->request.method != METHOD_POST) {
		struct page *page = page_create(c);
		page_set(page, "heading", message("title_not_me"));
		page_set(page, "text", message("not_me_text"));
		page_set(page, "action", config_endpoint_url(c->arena, c->config, "not_me"));
		page_set(page, "token", parameter(c, "token"));
		page_set(page, "submit", message("not_me_submit"));
		return page_answer(c, 200, &template_link_confirm, "title_not_me", page, PAGE_FORMS_STAY);
	}
	csrf_require_origin(c, CSRF_ORIGIN_MAY_MISS);
	database_begin(c->database, DATABASE_DURABLE);
	bool ended = end_session(c, link);
	database_commit(c->database);
	if (!ended)
		return tell(c, 404, "title_link_ended", "link_ended_not_me");
	return tell(c, 200, "title_not_me_done", "not_me_done_text");
}

static const struct parameter parameters[] = {
	LINK_PARAMETER,
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "not_me",
	.purpose = "ends a session that its user did not begin",
	.specification = "NIST SP 800-63B-4 4.6",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_PAGES,
	.parameters = parameters,
	.reads = "users clients",
	.writes = "sessions grants devices links audit",
	.keys = NULL,
	.handle = handle,
};
