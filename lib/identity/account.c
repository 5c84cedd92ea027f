#include "lib/identity/account.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/http/cookies.h"
#include "lib/http/message_text.h"
#include "lib/identity/csrf.h"
#include "lib/identity/password.h"
#include "lib/identity/second_factor.h"
#include "lib/identity/session.h"
#include "lib/protocol/acr.h"
#include "lib/protocol/errors.h"
#include "lib/records/audit_store.h"

static const char form_name[] = "account";

static const struct cJSON *require_body(struct context *c)
{
	const char *why;
	const struct cJSON *body = json_parse(c->arena, c->request.body, c->request.body_length, &why);
	if (!body)
		refuse_because_and_leave(c, INVALID_JSON, "RFC 8259 2", why);
	if (!json_is_object(body))
		refuse_and_leave(c, INVALID_JSON, "RFC 8259 4");
	return body;
}

/* A session of before the demand counts no more than it does for applications. Who has no factor yet may set one up here. */
static bool owes_second_factor(struct context *c, const struct session *session, const struct user *user)
{
	if (text_equal(session->acr, ACR_TWO_FACTORS) || (!user->second_factor_required && !c->config->second_factor_required))
		return false;
	const struct second_factor has = second_factor_of(c, user->user_id);
	return has.totp || has.passkeys > 0 || has.recovery_codes > 0;
}

struct account account_require(struct context *c)
{
	const struct session *session = session_current(c);
	const struct user *user = session ? user_find(c->database, session->user_id) : NULL;
	if (!user)
		refuse_and_leave(c, SIGN_IN_REQUIRED, "OpenID Connect Core 3.1.2.6");
	if (owes_second_factor(c, session, user))
		refuse_because_and_leave(c, FRESH_SIGN_IN_REQUIRED, "NIST SP 800-63B-4 2.2", "This account needs a sign-in with a second factor.");
	struct account account = { .session = session, .user = user, .cookie = cookie_find(c, "session") };
	if (c->request.method != METHOD_POST)
		return account;
	csrf_require_origin(c, CSRF_ORIGIN_NEEDED);
	account.body = require_body(c);
	csrf_require_token(c, account.cookie, form_name, json_string(json_member(account.body, "csrf")));
	return account;
}

bool account_is_fresh(struct context *c, const struct account *account)
{
	return account->session->auth_time >= c->now - c->config->fresh_login_seconds;
}

void account_require_fresh(struct context *c, const struct account *account)
{
	if (!account_is_fresh(c, account))
		refuse_and_leave(c, FRESH_SIGN_IN_REQUIRED, "NIST SP 800-63B-4 2.2.3");
}

void account_start_session(struct context *c, struct account *account, const char *amr, const char *acr)
{
	bool stay = account->session->idle_seconds > c->config->session_idle_seconds;
	account->cookie = session_start(c, account->user->user_id, amr, acr, stay).cookie;
}

static _Noreturn void refuse_member(struct context *c, const char *name, const char *should)
{
	refuse_because_and_leave(c, INVALID_JSON, "RFC 8259 4", arena_format(c->arena, "The member %s must be %s.", name, should));
}

const char *account_text(struct context *c, const struct account *account, const char *name, size_t longest)
{
	const struct cJSON *member = json_member(account->body, name);
	if (!member)
		return NULL;
	const char *text = json_string(member);
	if (!text)
		refuse_member(c, name, "a text");
	if (strlen(text) > longest || !utf8_valid(text, strlen(text)) || utf8_has_controls(text))
		refuse_member(c, name, arena_format(c->arena, "a line of at most %zu bytes", longest));
	return text;
}

const char *account_text_require(struct context *c, const struct account *account, const char *name, size_t longest)
{
	const char *text = account_text(c, account, name, longest);
	if (!text)
		refuse_member(c, name, "there");
	return text;
}

int64_t account_number_require(struct context *c, const struct account *account, const char *name)
{
	int64_t number;
	if (!json_is_number(json_member(account->body, name), &number))
		refuse_member(c, name, "a whole number");
	return number;
}

void account_change(struct context *c, const struct account *account)
{
	if (!user_change(c->database, account->user->user_id, account_number_require(c, account, "version")))
		refuse_and_leave(c, CONFLICT, "RFC 9110 15.5.10");
}

enum outcome account_refuse_field(struct context *c, const char *field, const char *text)
{
	refuse(c, INVALID_FIELD, "RFC 9110 15.5.1");
	response_reset(c);
	struct buffer *out = &c->response.body;
	json_object_open(out, NULL);
	json_text(out, "error", INVALID_FIELD->code);
	json_text(out, "field", field);
	json_text(out, "error_description", text);
	json_object_close(out);
	response_json(c, INVALID_FIELD->status);
	return OUTCOME_REFUSED;
}

enum outcome account_refuse_short_password(struct context *c, const char *field)
{
	const char *least = arena_format(c->arena, "%" PRId64, password_least(c->config, false));
	return account_refuse_field(c, field, message_text(c->arena, "password_short_alone", "min_length", least));
}

struct buffer *account_answer_open(struct context *c, const struct account *account)
{
	struct buffer *out = &c->response.body;
	json_object_open(out, NULL);
	json_text(out, "csrf", csrf_token(c, account->cookie, form_name));
	return out;
}

enum outcome account_answer_done(struct context *c, const struct account *account)
{
	json_object_close(account_answer_open(c, account));
	return response_json(c, 200);
}

void account_audit(struct context *c, const struct account *account, const char *event, const char *detail)
{
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = event, .user_id = account->user->user_id,
		.sid = account->session->sid, .address = c->request.address, .request_id = c->request_id, .detail = detail });
}
