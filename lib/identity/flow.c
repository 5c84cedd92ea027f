#include "lib/identity/flow.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/crypto/seal.h"
#include "lib/http/cookies.h"
#include "lib/identity/attempts.h"
#include "lib/protocol/errors.h"
#include "lib/records/pushed_request_store.h"

/* More cookies than this and servers refuse the request for its size: the oldest flow gives way. */
enum { FLOW_COOKIES_MOST = 24, CLEANUP_ROWS = 4 };

static const char *cookie_purpose(struct context *c, const char *flow_id)
{
	return arena_format(c->arena, "flow-%s", flow_id);
}

/* Flow ids begin with their time, so the smallest is the oldest. */
static void forget_oldest_cookie(struct context *c)
{
	const char *oldest = NULL, *cursor = NULL, *purpose;
	int count = 0;
	while ((purpose = cookie_next(c, "flow-", &cursor))) {
		count++;
		if (!oldest || strcmp(purpose, oldest) < 0)
			oldest = purpose;
	}
	if (count >= FLOW_COOKIES_MOST)
		cookie_clear(c, oldest);
}

static const char *hint_purpose(struct context *c, const struct flow *flow)
{
	return arena_format(c->arena, "flows.id_token_hint:%s", flow->flow_id);
}

void flow_open(struct context *c, struct flow *flow)
{
	const char *secret = random_token(c->arena);
	flow->flow_id = arena_format(c->arena, "%08llx%s", (unsigned long long)c->now, random_alphanumeric(c->arena, 16));
	flow->secret_hash = sha256_of(c->arena, secret);
	if (flow->id_token_hint && !(flow->id_token_hint = seal_by_token(c->arena, secret, hint_purpose(c, flow), flow->id_token_hint)))
		fail(c, "id_token_hint was not sealed");

	database_begin(c->database, DATABASE_RELAXED);
	if (!attempt_count(c, "flow:address", attempt_network(c), c->config->flow_limit_address, c->config->flow_seconds))
		refuse_and_leave(c, TOO_MANY_REQUESTS, "RFC 6585 4");
	flow_insert(c->database, flow);
	if (flow->pushed_request_hash)
		pushed_request_extend(c->database, flow->pushed_request_hash, flow->expires_at);
	flow_remove_expired(c->database, c->now, CLEANUP_ROWS);
	limit_remove_expired(c->database, c->now, CLEANUP_ROWS);
	database_commit(c->database);

	forget_oldest_cookie(c);
	cookie_set(c, cookie_purpose(c, flow->flow_id), secret, c->config->flow_seconds);
}

static _Noreturn void open_without_application(struct context *c, const char *prompt, const char *user_id)
{
	struct flow flow = { .max_age = -1, .prompt = prompt, .required_user_id = user_id, .address = c->request.address, .created_at = c->now,
		.expires_at = c->now + c->config->flow_seconds };
	flow_open(c, &flow);
	flow_go_to(c, c->endpoint->name, &flow);
	context_leave(c);
}

void flow_open_alone(struct context *c)
{
	open_without_application(c, NULL, NULL);
}

void flow_open_again(struct context *c, const char *user_id)
{
	open_without_application(c, "login", user_id);
}

const struct flow *flow_require(struct context *c)
{
	const char *flow_id = parameter_require(c, "flow", "RFC 9700 4.7.1");
	const char *secret = cookie_find(c, cookie_purpose(c, flow_id));
	const struct flow *flow = flow_find(c->database, flow_id, c->now);
	if (!flow || !secret || !equal_in_constant_time(sha256_of(c->arena, secret), flow->secret_hash, SHA256_BYTES))
		refuse_and_leave(c, FLOW_EXPIRED, "RFC 9700 4.7.1");
	return flow;
}

const char *flow_id_token_hint(struct context *c, const struct flow *flow)
{
	const char *hint = unseal_by_token(c->arena, flow_secret(c, flow), hint_purpose(c, flow), flow->id_token_hint);
	if (!hint)
		refuse_and_leave(c, FLOW_EXPIRED, "OpenID Connect Core 3.1.2.1");
	return hint;
}

const char *flow_secret(struct context *c, const struct flow *flow)
{
	return cookie_find(c, cookie_purpose(c, flow->flow_id));
}

char *flow_url(struct context *c, const char *endpoint_name, const struct flow *flow)
{
	return arena_format(c->arena, "%s?flow=%s", config_endpoint_url(c->arena, c->config, endpoint_name), flow->flow_id);
}

enum outcome flow_go_to(struct context *c, const char *endpoint_name, const struct flow *flow)
{
	return response_redirect(c, flow_url(c, endpoint_name, flow));
}

void flow_forget(struct context *c, const struct flow *flow)
{
	cookie_clear(c, cookie_purpose(c, flow->flow_id));
}

enum outcome flow_go_on(struct context *c, const struct flow *flow)
{
	if (flow->client_id)
		return flow_go_to(c, "authorize", flow);
	flow_forget(c, flow);
	return response_redirect(c, config_static_url(c->arena, c->config, "account/"));
}
