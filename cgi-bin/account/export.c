/*
 * Account: all that is kept about a user, as one JSON file.
 * Changes: nothing.
 */
#include "lib/base/json_write.h"
#include "lib/endpoint/endpoint.h"
#include "lib/identity/account.h"
#include "lib/identity/second_factor.h"
#include "lib/records/audit_store.h"
#include "lib/records/consent_store.h"
#include "lib/records/device_store.h"
#include "lib/records/email_change_store.h"
#include "lib/records/passkey_store.h"

enum {
	ROWS_MOST = 5000,               /* of each list */
	FILE_BYTES = 2 * 1024 * 1024,   /* all memory of a request is 4 MiB */
	EVENTS_BYTES = FILE_BYTES * 3 / 4, /* where events end */
	BATCH = 200,
	BATCH_BYTES = 2 * 1024 * 1024,
};

static void write_number(struct buffer *out, const char *name, int64_t number)
{
	if (number)
		json_number(out, name, number);
}

static void write_account(struct context *c, struct buffer *out, const struct user *user)
{
	struct second_factor has = second_factor_of(c, user->user_id);

	json_object_open(out, "account");
	json_text(out, "issuer", c->config->issuer);
	json_text(out, "sub", user->user_id);
	json_text(out, "username", user->username);
	json_bool(out, "password", user->password != NULL);
	write_number(out, "password_changed_at", user->password_changed_at);
	json_number(out, "created_at", user->created_at);
	write_number(out, "deletion_at", user->deletion_at);
	json_bool(out, "second_factor_required", user->second_factor_required);
	json_bool(out, "totp", has.totp);
	json_number(out, "recovery_codes", has.recovery_codes);
	json_number(out, "devices", device_count(c->database, user->user_id));
	json_text(out, "pending_email", email_change_find(c->database, user->user_id));
	json_object_close(out);
}

static void write_claims(struct context *c, struct buffer *out, const struct user *user)
{
	struct claims claims = user_claims(c->database, user->user_id);

	json_object_open(out, "claims");
	for (int i = 0; i < claims.count; i++)
		json_raw(out, claims.items[i].name, claims.items[i].json);
	json_object_close(out);
}

static void write_application(void *context, const struct application *application)
{
	struct buffer *out = context;

	json_object_open(out, NULL);
	json_text(out, "client_id", application->client_id);
	json_text(out, "name", application->name);
	if (application->scope)
		json_words(out, "scope", application->scope);
	if (application->claims)
		json_words(out, "claims", application->claims);
	write_number(out, "granted_at", application->granted_at);
	write_number(out, "last_used_at", application->last_used_at);
	json_object_close(out);
}

static void write_session(void *context, const struct session *session)
{
	struct buffer *out = context;

	json_object_open(out, NULL);
	json_text(out, "sid", session->sid);
	json_number(out, "created_at", session->created_at);
	json_number(out, "auth_time", session->auth_time);
	json_number(out, "last_seen_at", session->last_seen_at);
	json_words(out, "amr", session->amr);
	json_text(out, "acr", session->acr);
	json_text(out, "address", session->address);
	json_text(out, "user_agent", session->user_agent);
	json_object_close(out);
}

static void write_passkey(void *context, const struct passkey *passkey)
{
	struct buffer *out = context;

	json_object_open(out, NULL);
	json_text(out, "name", passkey->name);
	json_number(out, "created_at", passkey->created_at);
	write_number(out, "last_used_at", passkey->last_used_at);
	json_bool(out, "backed_up", passkey->backed_up);
	json_object_close(out);
}

struct events {
	struct buffer *out;
	int left;
	bool cut;
};

static void write_event(void *context, const struct audit_event *event)
{
	struct events *events = context;
	struct buffer *out = events->out;

	/* What does not fit ends the list. */
	events->cut = events->cut || events->left == 0 || out->length >= EVENTS_BYTES;
	if (events->cut)
		return;
	events->left--;
	json_object_open(out, NULL);
	json_number(out, "at", event->at);
	json_text(out, "event", event->event);
	json_text(out, "client_id", event->client_id);
	json_text(out, "sid", event->sid);
	json_text(out, "address", event->address);
	json_text(out, "detail", event->detail);
	json_object_close(out);
}

/* Newest first, in batches with memory of their own. */
static void write_events(struct context *c, struct buffer *out, const struct user *user)
{
	struct events events = { .out = out, .left = ROWS_MOST };
	struct arena *batch = arena_create(BATCH_BYTES);
	if (!batch)
		fail(c, "no memory for an export");
	struct arena *own = database_use_arena(c->database, batch);

	json_array_open(out, "events");
	for (int64_t before = INT64_MAX; before != 0 && !events.cut; arena_reset(batch))
		before = audit_newest_of_user(c->database, user->user_id, before, BATCH, write_event, &events);
	json_array_close(out);
	json_bool(out, "older_events_left_out", events.cut);
	database_use_arena(c->database, own);
	arena_destroy(batch);
}

static enum outcome handle(struct context *c)
{
	struct account account = account_require(c);
	const struct user *user = account.user;
	struct buffer *out = &c->response.body;

	account_require_fresh(c, &account);
	*out = buffer_create(c->arena, FILE_BYTES); /* growing would take twice as much */
	json_object_open(out, NULL);
	json_number(out, "exported_at", c->now);
	write_account(c, out, user);
	write_claims(c, out, user);
	json_array_open(out, "applications");
	consent_list_applications(c->database, user->user_id, c->now, "", "", ROWS_MOST, write_application, out);
	json_array_close(out);
	json_array_open(out, "sessions");
	session_list(c->database, user->user_id, c->now, INT64_MAX, "", ROWS_MOST, write_session, out);
	json_array_close(out);
	json_array_open(out, "passkeys");
	passkey_list(c->database, user->user_id, write_passkey, out);
	json_array_close(out);
	write_events(c, out, user);
	json_object_close(out);
	response_header(c, "Content-Disposition", arena_format(c->arena, "attachment; filename=\"latchkey-%s.json\"", user->username));
	return response_json(c, 200);
}

const struct endpoint endpoint = {
	.name = "account/export",
	.purpose = "gives a user all that is kept about them as a file",
	.specification = "RFC 6266 4",
	.methods = METHOD_GET,
	.answers = ANSWERS_JSON,
	.reads = "users sessions user_claims email_changes totp recovery_codes passkeys devices consents grants access_tokens clients audit",
	.handle = handle,
};
