/*
 * What happened at the user's account, newest first, in plain words out of the audit log.
 * Changes: nothing.
 */
#include "lib/base/json_write.h"
#include "lib/endpoint/endpoint.h"
#include "lib/identity/account.h"
#include "lib/identity/activity_text.h"
#include "lib/records/audit_store.h"

enum { PAGE_ITEMS = 50 };

static void write_event(void *context, const struct audit_event *event, const char *client_name)
{
	struct buffer *out = context;
	json_object_open(out, NULL);
	json_number(out, "at", event->at);
	json_text(out, "text", activity_text(event->event));
	json_text(out, "address", event->address);
	json_text(out, "application", client_name);
	json_object_close(out);
}

static enum outcome handle(struct context *c)
{
	struct account account = account_require(c);
	int64_t before = INT64_MAX;
	if (parameter(c, "after"))
		text_to_number(parameter(c, "after"), &before);

	struct buffer *out = account_answer_open(c, &account);
	json_array_open(out, "events");
	int64_t next = audit_list_of_user(c->database, account.user->user_id, activity_events(c->arena), before, PAGE_ITEMS, write_event, out);
	json_array_close(out);
	if (next)
		json_text(out, "next", arena_format(c->arena, "%lld", (long long)next));
	json_object_close(out);
	return response_json(c, 200);
}

static const struct parameter parameters[] = {
	{ "after", is_number, 18, false },
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "account/activity",
	.purpose = "tells a user what happened at their account",
	.specification = "RFC 8259",
	.methods = METHOD_GET,
	.answers = ANSWERS_JSON,
	.json = true,
	.parameters = parameters,
	.reads = "audit clients " ACCOUNT_TABLES,
	.writes = NULL,
	.keys = NULL,
	.handle = handle,
};
