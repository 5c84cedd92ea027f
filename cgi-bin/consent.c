/*
 * The consent page (OpenID Connect Core 3.1.2.4): asks the user whether the client may have what it asks for, and
 * only for what is new. It is also where claims and id_token_hint are read, so that /authorize, which every sign-in
 * passes, needs neither a JSON parser nor signatures.
 * Changes: the consent, and then the grant and its code; a refusal ends the flow.
 */
#include <string.h>

#include "cgi-bin/pages/pages.h"
#include "lib/endpoint/endpoint.h"
#include "lib/identity/csrf.h"
#include "lib/identity/flow.h"
#include "lib/identity/session.h"
#include "lib/protocol/authorization_request.h"
#include "lib/protocol/authorization_response.h"
#include "lib/protocol/claims_request.h"
#include "lib/protocol/id_token_hint.h"
#include "lib/protocol/interaction.h"
#include "lib/protocol/permission_text.h"
#include "lib/protocol/redirect_uri.h"
#include "lib/records/audit_store.h"
#include "lib/records/pushed_request_store.h"

/* The form is bound to the session too: what one user was shown, another one cannot allow. */
static const char *form_name(struct context *c, const struct session *session)
{
	return arena_format(c->arena, "consent:%s", session->sid);
}

static void list_words(struct context *c, struct page *page, const char *list, const char *words,
	const char *(*text)(struct context *c, const char *word))
{
	for (const char *word; (word = words_next(c->arena, &words));)
		page_set(page_item(page, list), "text", text(c, word));
}

static enum outcome show(struct context *c, const struct flow *flow, const struct client *client, const struct session *session)
{
	const struct consent *consent = consent_find(c->database, session->user_id, client->client_id);
	/* Where remembered consent does not count, all is asked anew. */
	bool anew = words_contain(flow->prompt, "consent") || text_equal(client->consent, "always") || interaction_is_impersonable(flow, client);
	struct missing_consent missing = interaction_missing_consent(c, flow, anew ? NULL : consent);
	const char *origin = redirect_uri_origin(c->arena, flow->redirect_uri);

	struct page *page = page_create(c);
	page_set(page, "action", config_endpoint_url(c->arena, c->config, "consent"));
	page_set(page, "flow", flow->flow_id);
	page_set(page, "csrf", csrf_token(c, flow_secret(c, flow), form_name(c, session)));
	page_set(page, "client_name", client->client_name);
	page_set(page, "client_logo", client->logo_uri);
	page_set(page, "client_uri", client->client_uri);
	page_set(page, "policy_uri", client->policy_uri);
	page_set(page, "tos_uri", client->tos_uri);
	page_set(page, "username", session->username);
	page_set(page, "redirect_host", origin ? origin : flow->redirect_uri);
	page_set(page, "is_public_native", interaction_is_impersonable(flow, client) ? "1" : NULL);
	page_set(page, "switch_url", arena_format(c->arena, "%s&switch=1", flow_url(c, "login", flow)));
	list_words(c, page, "scopes", missing.scope, permission_scope_text);
	list_words(c, page, "known_scopes", missing.known_scope, permission_scope_text);
	list_words(c, page, "claims", missing.claims, permission_claim_text);
	return page_answer(c, 200, &template_consent, "title_consent", page, PAGE_FORMS_LEAVE);
}

/* The client gets an error, and the flow has ended. */
static enum outcome refuse_flow(struct context *c, const struct flow *flow, const char *clause, const char *description)
{
	database_begin(c->database, DATABASE_RELAXED);
	flow_remove(c->database, flow->flow_id);
	if (flow->pushed_request_hash)
		pushed_request_remove(c->database, flow->pushed_request_hash);
	flow_forget(c, flow);
	return refuse_because(c, INVALID_REQUEST, clause, description);
}

/* What only this program is linked for: verifying a signature, parsing JSON. Then /authorize decides anew. */
static enum outcome read_parameters(struct context *c, const struct flow *flow)
{
	struct id_token_hint hint = { 0 };
	struct claims_request claims = { "", "", NULL };
	if (flow->id_token_hint && !id_token_hint_read(c, flow_id_token_hint(c, flow), &hint))
		return refuse_flow(c, flow, "OpenID Connect Core 3.1.2.1", "The id_token_hint is not an ID token of this server.");
	if (flow->claims && !claims_request_read(c->arena, flow->claims, &claims))
		return refuse_flow(c, flow, "OpenID Connect Core 5.5", "The claims parameter is no valid JSON object.");
	database_begin(c->database, DATABASE_RELAXED);
	flow_set_read(c->database, flow->flow_id, claims.id_token, claims.userinfo, claims.sub ? claims.sub : hint.sub);
	database_commit(c->database);
	return flow_go_to(c, "authorize", flow);
}

static void audit(struct context *c, const char *event, const struct flow *flow, const struct session *session)
{
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = event, .user_id = session->user_id,
		.client_id = flow->client_id, .sid = session->sid, .address = c->request.address, .request_id = c->request_id,
		.detail = interaction_asked_scope(c, flow) });
}

static enum outcome allow(struct context *c, const struct flow *flow, const struct client *client, const struct session *session)
{
	database_begin(c->database, DATABASE_DURABLE);
	const struct consent *before = consent_find(c->database, session->user_id, client->client_id);
	const char *claims = words_union(c->arena, flow->claims_id_token, flow->claims_userinfo);
	consent_save(c->database, &(struct consent){
		.user_id = session->user_id,
		.client_id = client->client_id,
		.scope = words_union(c->arena, before ? before->scope : "", interaction_asked_scope(c, flow)),
		.claims = words_union(c->arena, before ? before->claims : "", claims),
		.granted_at = c->now,
		.last_used_at = c->now,
	});
	audit(c, AUDIT_CONSENT_GRANTED, flow, session);
	return authorization_finish(c, flow, client, session);
}

static enum outcome deny(struct context *c, const struct flow *flow, const struct session *session)
{
	database_begin(c->database, DATABASE_DURABLE);
	flow_remove(c->database, flow->flow_id);
	if (flow->pushed_request_hash)
		pushed_request_remove(c->database, flow->pushed_request_hash);
	audit(c, AUDIT_CONSENT_DENIED, flow, session);
	flow_forget(c, flow);
	return refuse(c, ACCESS_DENIED, "RFC 6749 4.1.2.1");
}

static enum outcome handle(struct context *c)
{
	const struct flow *flow = flow_require(c);
	const char *decision = parameter(c, "decision");
	const struct session *session = session_current(c);
	bool post = c->request.method == METHOD_POST;

	if (post)
		csrf_require(c, flow_secret(c, flow), session ? form_name(c, session) : "");
	if (post && !text_equal(decision, "allow") && !text_equal(decision, "deny"))
		return refuse_because(c, INVALID_REQUEST, "OpenID Connect Core 3.1.2.4", "The decision must be allow or deny.");
	if (!flow->client_id)
		return flow_go_to(c, "login", flow);

	const struct client *client = authorization_client_require(c, flow);
	enum step step = interaction_next(c, flow, client, session);
	if (step == STEP_READ)
		return read_parameters(c, flow);
	if (step != STEP_CONSENT)
		return flow_go_to(c, "authorize", flow);
	if (!post)
		return words_contain(flow->prompt, "none") ? flow_go_to(c, "authorize", flow) : show(c, flow, client, session);
	return text_equal(decision, "allow") ? allow(c, flow, client, session) : deny(c, flow, session);
}

static const struct parameter parameters[] = {
	FLOW_PARAMETER,
	CSRF_PARAMETER,
	{ "decision", is_visible_ascii, 16, false },
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "consent",
	.purpose = "asks the user what a client may have, and remembers it",
	.specification = "OpenID Connect Core 3.1.2.4, 5.5; RFC 8252 8.6",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_PAGES,
	.parameters = parameters,
	.reads = "clients users signing_keys " TARGET_TABLES,
	.writes = FLOW_TABLES " " AUTHORIZATION_FINISH_TABLES,
	.keys = NULL,
	.handle = handle,
};
