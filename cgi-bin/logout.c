/*
 * Signing out (OpenID Connect RP-Initiated Logout 1.0): by the user alone, or sent here by a client. Always asks, since
 * any site can send a browser here. Afterwards the browser goes back to the client only by a registered URI.
 * Changes: the session and what came from it, the audit log.
 */
#include "cgi-bin/pages/pages.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/cookies.h"
#include "lib/http/html.h"
#include "lib/identity/csrf.h"
#include "lib/identity/session.h"
#include "lib/protocol/id_token_hint.h"
#include "lib/records/audit_store.h"
#include "lib/records/client_store.h"

static const char *const passed_on[] = { "client_id", "post_logout_redirect_uri", "state", "id_token_hint" };
enum { PASSED_ON = sizeof passed_on / sizeof *passed_on };

/* The client that the request names, by client_id or by the audience of an ID token of ours; NULL if by none. */
static const struct client *find_client(struct context *c)
{
	struct id_token_hint hint;
	const char *client_id = parameter(c, "client_id"), *token = parameter(c, "id_token_hint");
	if (token && id_token_hint_read(c, token, &hint)) {
		if (client_id && !text_equal(client_id, hint.aud))
			refuse_because_and_leave(c, INVALID_REQUEST, "RP-Initiated Logout 2", "The id_token_hint was issued to another client.");
		client_id = hint.aud;
	}
	const struct client *client = client_id ? client_find(c->database, client_id) : NULL;
	return client && !client->disabled_at ? client : NULL;
}

struct wanted {
	const char *uri;
	const struct client *client;
};

static void match(void *context, const struct client *client)
{
	struct wanted *wanted = context;
	if (!wanted->client && words_contain(client->post_logout_redirect_uris, wanted->uri))
		wanted->client = client;
}

/* Some clients send nothing but the address: it counts if a client of this very session registered it. */
static const struct client *find_client_of_session(struct context *c, const struct session *session)
{
	struct wanted wanted = { parameter(c, "post_logout_redirect_uri"), NULL };
	if (wanted.uri)
		client_list_of_session(c->database, session->user_id, session->sid, match, &wanted);
	return wanted.client;
}

/* Where the browser goes afterwards; NULL: it stays. */
static const char *return_url(struct context *c, const struct client *client)
{
	const char *uri = parameter(c, "post_logout_redirect_uri"), *state = parameter(c, "state");
	if (!uri || !client || !words_contain(client->post_logout_redirect_uris, uri))
		return NULL;
	if (!state)
		return uri;
	for (const char *at = uri; *at; at++)
		if (*at == '?')
			return arena_format(c->arena, "%s&state=%s", uri, form_encode(c->arena, state));
	return arena_format(c->arena, "%s?state=%s", uri, form_encode(c->arena, state));
}

static enum outcome show_signed_out(struct context *c, const struct client *client)
{
	struct page *page = page_create(c);
	page_set(page, "client_name", client ? client->client_name : NULL);
	page_set(page, "return_url", client ? client->client_uri : NULL);
	page_set(page, "login_url", config_endpoint_url(c->arena, c->config, "login"));
	return page_answer(c, 200, &template_signed_out, "title_signed_out", page, PAGE_FORMS_STAY);
}

static enum outcome leave(struct context *c, const struct client *client)
{
	const char *url = return_url(c, client);
	return url ? response_redirect(c, url) : show_signed_out(c, client);
}

static enum outcome ask(struct context *c, const struct client *client, const struct session *session)
{
	struct page *page = page_create(c);
	page_set(page, "action", config_endpoint_url(c->arena, c->config, "logout"));
	page_set(page, "csrf", csrf_token(c, cookie_find(c, "session"), "logout"));
	page_set(page, "username", session->username);
	page_set(page, "client_name", client ? client->client_name : NULL);
	for (int i = 0; i < PASSED_ON; i++)
		page_set(page, passed_on[i], parameter(c, passed_on[i]));
	return page_answer(c, 200, &template_logout, "title_logout", page, PAGE_FORMS_LEAVE);
}

/* A client's POST brings no cookie, since ours are SameSite=Lax: the same again by GET. */
static enum outcome again_by_get(struct context *c)
{
	struct buffer url = buffer_create(c->arena, 512);
	buffer_text(&url, config_endpoint_url(c->arena, c->config, "logout"));
	char separator = '?';
	for (int i = 0; i < PASSED_ON; i++) {
		const char *value = parameter(c, passed_on[i]);
		if (!value)
			continue;
		buffer_format(&url, "%c%s=%s", separator, passed_on[i], form_encode(c->arena, value));
		separator = '&';
	}
	return response_redirect(c, url.data);
}

static enum outcome handle(struct context *c)
{
	const char *decision = parameter(c, "decision");
	const struct client *client = find_client(c);
	if (c->request.method == METHOD_POST && !decision)
		return again_by_get(c);

	const struct session *session = session_current(c);
	if (!session)
		return leave(c, client);
	if (!client)
		client = find_client_of_session(c, session);
	if (c->request.method != METHOD_POST)
		return ask(c, client, session);
	csrf_require(c, cookie_find(c, "session"), "logout");
	if (!text_equal(decision, "allow"))
		return response_redirect(c, config_static_url(c->arena, c->config, ""));

	database_begin(c->database, DATABASE_DURABLE);
	session_finish(c, session);
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = AUDIT_LOGOUT, .user_id = session->user_id,
		.client_id = client ? client->client_id : NULL, .sid = session->sid, .address = c->request.address, .request_id = c->request_id });
	database_commit(c->database);
	return leave(c, client);
}

static const struct parameter parameters[] = {
	CSRF_PARAMETER,
	{ "decision", is_visible_ascii, 16, false },
	{ "client_id", is_printable_ascii, 255, false },
	{ "post_logout_redirect_uri", is_uri, 2000, false },
	{ "state", is_text, 4096, false },
	{ "id_token_hint", is_visible_ascii, 8192, false },
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "logout",
	.purpose = "signs the user out of this browser",
	.specification = "OpenID Connect RP-Initiated Logout 1.0",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_PAGES,
	.parameters = parameters,
	.reads = "clients users signing_keys",
	.writes = "sessions grants audit",
	.keys = NULL,
	.handle = handle,
};
