/*
 * The browsers in which the user is signed in, and signing out of one of them or of all others.
 * Changes: when this session was last seen; ended sessions, with the grants that came from them and do not outlive them.
 */
#include <string.h>

#include "lib/base/json_write.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/user_agent.h"
#include "lib/identity/account.h"
#include "lib/identity/session.h"
#include "lib/records/audit_store.h"
#include "lib/records/grant_store.h"

enum { PAGE_ITEMS = 50, TOUCH_SECONDS = 300, SID_MOST = 64 };

struct list {
	struct context *c;
	const struct account *account;
	struct buffer *out;
	const struct session *last; /* that was written */
	int count;
	bool more;
};

static void write_session(void *context, const struct session *session)
{
	struct list *list = context;
	if (list->count == PAGE_ITEMS) {
		list->more = true;
		return;
	}
	bool current = text_equal(session->sid, list->account->session->sid);
	struct buffer *out = list->out;
	json_object_open(out, NULL);
	json_text(out, "sid", session->sid);
	json_bool(out, "current", current);
	json_text(out, "device", user_agent_text(list->c->arena, session->user_agent));
	json_text(out, "address", session->address);
	json_number(out, "created_at", session->created_at);
	json_number(out, "last_seen_at", session->last_seen_at);
	json_number(out, "auth_time", session->auth_time);
	json_bool(out, "two_factors", text_equal(session->acr, ACR_TWO_FACTORS));
	json_object_close(out);
	list->last = session;
	list->count++;
}

/* Where the list goes on: "TIME.SID" of the last session shown, which may have ended since. */
static const char *read_after(struct context *c, int64_t *created_at)
{
	const char *after = parameter(c, "after"), *dot = after ? strchr(after, '.') : NULL;
	*created_at = INT64_MAX;
	if (!after)
		return "";
	if (!dot || !text_to_number(arena_format(c->arena, "%.*s", (int)(dot - after), after), created_at))
		refuse_because_and_leave(c, INVALID_REQUEST, "RFC 9110 15.5.1", "The parameter after is not of an answer of this server.");
	return dot + 1;
}

static enum outcome show(struct context *c, const struct account *account)
{
	int64_t created_at;
	const char *sid = read_after(c, &created_at);
	if (account->session->last_seen_at + TOUCH_SECONDS <= c->now) {
		database_begin(c->database, DATABASE_RELAXED);
		session_touch(c->database, account->session->session_hash, c->now);
		database_commit(c->database);
	}
	struct list list = { .c = c, .account = account, .out = account_answer_open(c, account) };
	json_array_open(list.out, "sessions");
	session_list(c->database, account->user->user_id, c->now, created_at, sid, PAGE_ITEMS + 1, write_session, &list);
	json_array_close(list.out);
	if (list.more)
		json_text(list.out, "next", arena_format(c->arena, "%lld.%s", (long long)list.last->created_at, list.last->sid));
	json_object_close(list.out);
	return response_json(c, 200);
}

static enum outcome end(struct context *c, const struct account *account)
{
	const char *sid = account_text_require(c, account, "sid", SID_MOST);
	database_begin(c->database, DATABASE_DURABLE);
	if (text_equal(sid, account->session->sid)) {
		session_finish(c, account->session);
	} else {
		if (!session_end(c->database, account->user->user_id, sid))
			return refuse(c, NO_SUCH_ITEM, "RFC 9110 15.5.5");
		grant_revoke_session(c->database, sid, account->user->user_id, c->now);
	}
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = AUDIT_SESSION_ENDED, .user_id = account->user->user_id,
		.sid = sid, .address = c->request.address, .request_id = c->request_id });
	database_commit(c->database);
	return account_answer_done(c, account);
}

static enum outcome end_others(struct context *c, const struct account *account)
{
	const char *user_id = account->user->user_id, *sid = account->session->sid;
	database_begin(c->database, DATABASE_DURABLE);
	session_end_all(c->database, user_id, sid);
	grant_revoke_other_sessions(c->database, sid, user_id, c->now);
	account_audit(c, account, AUDIT_SESSIONS_ENDED, NULL);
	database_commit(c->database);
	return account_answer_done(c, account);
}

static enum outcome handle(struct context *c)
{
	struct account account = account_require(c);
	if (c->request.method != METHOD_POST)
		return show(c, &account);
	const char *action = account_text_require(c, &account, "action", 32);
	if (text_equal(action, "end"))
		return end(c, &account);
	if (text_equal(action, "end_others"))
		return end_others(c, &account);
	return refuse_because(c, INVALID_JSON, "RFC 8259 4", "The action must be end or end_others.");
}

static const struct parameter parameters[] = {
	{ "after", is_visible_ascii, 128, false },
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "account/sessions",
	.purpose = "lists where a user is signed in, and signs out there",
	.specification = "OpenID Connect Core 2 (sid); RFC 8259",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_JSON,
	.json = true,
	.parameters = parameters,
	.reads = ACCOUNT_TABLES,
	.writes = "sessions grants audit",
	.keys = NULL,
	.handle = handle,
};
