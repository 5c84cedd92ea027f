#include "lib/protocol/authorization_response.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/http/cookies.h"
#include "lib/http/html.h"
#include "lib/protocol/errors.h"
#include "lib/records/audit_store.h"
#include "lib/records/consent_store.h"
#include "lib/records/grant_store.h"
#include "lib/records/pushed_request_store.h"

enum {
	TOUCH_SECONDS = 300,   /* how stale "last seen" may get: not every request should write it */
	GRANT_SLACK = 60,      /* a grant stays a little longer than its code, so that a late replay is still seen */
};

struct field {
	const char *name, *value;
};

static const char *redirect_url(struct context *c, const char *uri, const struct field *fields)
{
	struct buffer url = buffer_create(c->arena, 1024);
	buffer_text(&url, uri);
	/* A registered URI may have a query of its own, which is kept (RFC 6749 3.1.2). */
	char separator = strchr(uri, '?') ? '&' : '?';
	if (text_ends_with(uri, "?") || text_ends_with(uri, "&"))
		separator = '\0';
	for (const struct field *field = fields; field->name; field++) {
		if (!field->value)
			continue;
		if (separator)
			buffer_char(&url, separator);
		buffer_format(&url, "%s=%s", field->name, form_encode(c->arena, field->value));
		separator = '&';
	}
	return url.data;
}

static enum outcome answer_fields(struct context *c, const struct flow *flow, const struct field *fields)
{
	if (!text_equal(flow->response_mode, "form_post"))
		return response_redirect(c, redirect_url(c, flow->redirect_uri, fields));
	struct page *page = page_create(c);
	page_set(page, "action", flow->redirect_uri);
	for (const struct field *field = fields; field->name; field++) {
		if (!field->value)
			continue;
		struct page *item = page_item(page, "fields");
		page_set(item, "name", field->name);
		page_set(item, "value", field->value);
	}
	return page_answer(c, 200, &template_form_post, "title_form_post", page, PAGE_FORMS_LEAVE);
}

static const char *iss(const struct context *c)
{
	return c->config->iss_parameter ? c->config->issuer : NULL;
}

static void answer_error(struct context *c, const struct error *error, const char *description)
{
	const struct flow *flow = c->answer_error_for;
	answer_fields(c, flow, (struct field[]){ { "error", error->code }, { "error_description", description },
		{ "state", flow->state }, { "iss", iss(c) }, { NULL, NULL } });
}

void authorization_errors_go_to(struct context *c, const struct flow *flow)
{
	c->answer_error = answer_error;
	c->answer_error_for = (void *)flow;
}

static void touch(struct context *c, const struct flow *flow, const struct session *session)
{
	if (session->last_seen_at + TOUCH_SECONDS > c->now)
		return;
	session_touch(c->database, session->session_hash, c->now);
	consent_touch(c->database, session->user_id, flow->client_id, c->now);
}

enum outcome authorization_finish(struct context *c, const struct flow *flow, const struct client *client,
	const struct session *session)
{
	const char *code = random_token(c->arena);
	struct grant grant = {
		.grant_id = random_alphanumeric(c->arena, 22),
		.code_hash = sha256_of(c->arena, code),
		.code_expires_at = c->now + c->config->code_seconds,
		.client_id = client->client_id,
		.user_id = session->user_id,
		.sid = session->sid,
		.redirect_uri = flow->redirect_uri,
		.code_challenge = flow->code_challenge,
		.nonce = flow->nonce,
		.scope = flow->scope,
		.claims_id_token = flow->claims_id_token,
		.claims_userinfo = flow->claims_userinfo,
		.resource = flow->resource,
		.confirmation = flow->confirmation,
		.auth_time = session->auth_time,
		.amr = session->amr,
		.acr = session->acr,
		.created_at = c->now,
		.expires_at = c->now + c->config->code_seconds + GRANT_SLACK,
	};

	if (!database_in_transaction(c->database))
		database_begin(c->database, DATABASE_DURABLE);
	if (flow->flow_id && !flow_remove(c->database, flow->flow_id)) {
		c->answer_error = NULL; /* the client has its answer already */
		return refuse(c, FLOW_EXPIRED, "RFC 6749 4.1.2");
	}
	if (flow->pushed_request_hash && !pushed_request_remove(c->database, flow->pushed_request_hash)) {
		c->answer_error = NULL;
		return refuse(c, INVALID_REQUEST_URI, "RFC 9126 7.3");
	}
	grant_insert(c->database, &grant);
	touch(c, flow, session);
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = AUDIT_CODE_ISSUED, .user_id = session->user_id,
		.client_id = client->client_id, .sid = session->sid, .grant_id = grant.grant_id, .address = c->request.address,
		.request_id = c->request_id, .detail = flow->scope });
	database_commit(c->database);

	if (flow->flow_id)
		cookie_clear(c, arena_format(c->arena, "flow-%s", flow->flow_id));
	return answer_fields(c, flow, (struct field[]){ { "code", code }, { "state", flow->state }, { "iss", iss(c) }, { NULL, NULL } });
}
