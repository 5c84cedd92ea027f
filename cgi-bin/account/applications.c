/*
 * The applications that have access to the user's account, with what each may do, and taking that access away.
 * Changes: consent and grants of one application, all at once.
 */
#include <string.h>

#include "lib/base/json_write.h"
#include "lib/crypto/base64.h"
#include "lib/endpoint/endpoint.h"
#include "lib/identity/account.h"
#include "lib/protocol/permission_text.h"
#include "lib/protocol/scope.h"
#include "lib/records/audit_store.h"
#include "lib/records/consent_store.h"
#include "lib/records/grant_store.h"

enum { PAGE_ITEMS = 50, CLIENT_ID_MOST = 255 };

struct list {
	struct application applications[PAGE_ITEMS];
	int count;
	bool more;
};

static void keep(void *context, const struct application *application)
{
	struct list *list = context;
	if (list->count == PAGE_ITEMS)
		list->more = true;
	else
		list->applications[list->count++] = *application;
}

struct allowed {
	struct context *c;
	const char *scope;
};

/* As in consents: scopes, and resources but for the issuer. */
static void add_grant(void *context, const char *scope, const char *resource)
{
	struct allowed *allowed = context;
	struct arena *arena = allowed->c->arena;
	allowed->scope = words_union(arena, allowed->scope, scope);
	for (const char *word; (word = words_next(arena, &resource));)
		if (!text_equal(word, allowed->c->config->issuer))
			allowed->scope = words_union(arena, allowed->scope, arena_format(arena, "%s%s", SCOPE_RESOURCE_PREFIX, word));
}

static void write_application(struct context *c, struct buffer *out, const char *user_id, const struct application *application)
{
	struct allowed allowed = { c, application->scope ? application->scope : "" };
	grant_list_allowed(c->database, user_id, application->client_id, c->now, add_grant, &allowed);

	json_object_open(out, NULL);
	json_text(out, "client_id", application->client_id);
	json_text(out, "name", application->name);
	json_text(out, "uri", application->uri);
	json_text(out, "logo_uri", application->logo_uri);
	json_number(out, "granted_at", application->granted_at);
	json_number(out, "last_used_at", application->last_used_at);
	json_array_open(out, "permissions");
	const char *words = allowed.scope;
	for (const char *word; (word = words_next(c->arena, &words));)
		json_text(out, NULL, permission_scope_text(c, word));
	words = application->claims;
	for (const char *word; (word = words_next(c->arena, &words));)
		json_text(out, NULL, permission_claim_text(c, word));
	json_array_close(out);
	json_object_close(out);
}

/* Where the list goes on: name and id of the last application shown, which may be gone by now. */
static const char *write_after(struct context *c, const struct application *last)
{
	return arena_format(c->arena, "%s.%s", base64url_encode(c->arena, last->name, strlen(last->name)),
		base64url_encode(c->arena, last->client_id, strlen(last->client_id)));
}

static void read_after(struct context *c, const char **name, const char **client_id)
{
	const char *after = parameter(c, "after"), *dot = after ? strchr(after, '.') : NULL;
	size_t length;
	*name = *client_id = "";
	if (!after)
		return;
	*name = dot ? (const char *)base64url_decode(c->arena, after, (size_t)(dot - after), &length) : NULL;
	*client_id = dot ? (const char *)base64url_decode(c->arena, dot + 1, strlen(dot + 1), &length) : NULL;
	if (!*name || !*client_id)
		refuse_because_and_leave(c, INVALID_REQUEST, "RFC 9110 15.5.1", "The parameter after is not of an answer of this server.");
}

static enum outcome show(struct context *c, const struct account *account)
{
	const char *user_id = account->user->user_id, *name, *client_id;
	read_after(c, &name, &client_id);
	struct list *list = arena_alloc(c->arena, sizeof *list);
	list->count = 0;
	list->more = false;
	consent_list_applications(c->database, user_id, c->now, name, client_id, PAGE_ITEMS + 1, keep, list);

	struct buffer *out = account_answer_open(c, account);
	json_array_open(out, "applications");
	for (int i = 0; i < list->count; i++)
		write_application(c, out, user_id, &list->applications[i]);
	json_array_close(out);
	if (list->more)
		json_text(out, "next", write_after(c, &list->applications[PAGE_ITEMS - 1]));
	json_object_close(out);
	return response_json(c, 200);
}

static enum outcome revoke(struct context *c, const struct account *account)
{
	const char *client_id = account_text_require(c, account, "client_id", CLIENT_ID_MOST);
	const char *user_id = account->user->user_id;
	database_begin(c->database, DATABASE_DURABLE);
	bool consented = consent_remove(c->database, user_id, client_id);
	if (!grant_revoke_user(c->database, user_id, client_id, c->now) && !consented)
		return refuse(c, NO_SUCH_ITEM, "RFC 9110 15.5.5");
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = AUDIT_CONSENT_REVOKED, .user_id = user_id,
		.client_id = client_id, .sid = account->session->sid, .address = c->request.address, .request_id = c->request_id });
	database_commit(c->database);
	return account_answer_done(c, account);
}

static enum outcome handle(struct context *c)
{
	struct account account = account_require(c);
	if (c->request.method != METHOD_POST)
		return show(c, &account);
	if (!text_equal(account_text_require(c, &account, "action", 32), "revoke"))
		return refuse_because(c, INVALID_JSON, "RFC 8259 4", "The action must be revoke.");
	return revoke(c, &account);
}

static const struct parameter parameters[] = {
	{ "after", is_visible_ascii, 4096, false },
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "account/applications",
	.purpose = "lists the applications that have access, and takes it away",
	.specification = "RFC 6749 10.2; RFC 8259",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_JSON,
	.json = true,
	.parameters = parameters,
	.reads = PERMISSION_TEXT_TABLES " clients " ACCOUNT_TABLES,
	.writes = "consents grants audit",
	.keys = NULL,
	.handle = handle,
};
