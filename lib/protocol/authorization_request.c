#include "lib/protocol/authorization_request.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/protocol/authorization_response.h"
#include "lib/protocol/errors.h"
#include "lib/protocol/pushed_request.h"
#include "lib/protocol/redirect_uri.h"
#include "lib/protocol/scope.h"
#include "lib/protocol/target.h"

enum { ACR_VALUES_MOST = 10 };

static const struct client *require_client(struct context *c, const struct client *authenticated)
{
	parameters_require(c, "client_id");
	if (authenticated)
		return authenticated;
	const char *client_id = parameter_require(c, "client_id", "RFC 6749 4.1.1");
	const struct client *client = client_find(c->database, client_id);
	if (!client || client->disabled_at)
		refuse_and_leave(c, UNKNOWN_CLIENT, "RFC 6749 4.1.2.1");
	return client;
}

static const char *require_redirect_uri(struct context *c, const struct client *client)
{
	parameters_require(c, "redirect_uri");
	const char *uri = parameter_require(c, "redirect_uri", "OpenID Connect Core 3.1.2.1");
	if (!redirect_uri_matches(client, uri))
		refuse_and_leave(c, UNKNOWN_REDIRECT_URI, "RFC 9700 2.1");
	return uri;
}

/* First of all after the redirect URI, since errors come back by it. */
static void check_response_mode(struct context *c, struct flow *flow)
{
	const char *mode = parameter(c, "response_mode");
	flow->response_mode = text_equal(mode, "form_post") ? "form_post" : "query";
	if (mode && !text_equal(mode, flow->response_mode))
		refuse_because_and_leave(c, INVALID_REQUEST, "OAuth Multiple Response Types 2.1", "Only response_mode query and form_post are supported.");
	/* A form carries text: bytes that are none, and line ends, would come back changed. */
	const char *state = parameter(c, "state");
	if (text_equal(mode, "form_post") && state && (!utf8_valid(state, strlen(state)) || strpbrk(state, "\r\n"))) {
		flow->state = NULL;
		refuse_because_and_leave(c, INVALID_REQUEST, "OAuth Form Post 2", "With form_post, state must be UTF-8 without line ends.");
	}
}

static void check_unsupported(struct context *c)
{
	if (parameter(c, "request"))
		refuse_and_leave(c, REQUEST_NOT_SUPPORTED, "OpenID Connect Core 3.1.2.6");
	if (parameter(c, "request_uri"))
		refuse_and_leave(c, REQUEST_URI_NOT_SUPPORTED, "OpenID Connect Core 3.1.2.6");
	if (parameter(c, "registration"))
		refuse_and_leave(c, REGISTRATION_NOT_SUPPORTED, "OpenID Connect Core 3.1.2.6");
}

static void check_pushed(struct context *c, const struct client *client, const struct flow *flow)
{
	bool required = c->config->require_pushed_requests || client->require_pushed_authorization_requests;
	if (required && !flow->pushed_request_hash)
		refuse_because_and_leave(c, INVALID_REQUEST, "RFC 9126 5", "This authorization request must be pushed first.");
}

static void check_response_type(struct context *c, const struct client *client)
{
	const char *type = parameter_require(c, "response_type", "RFC 6749 4.1.1");
	if (!text_equal(type, "code"))
		refuse_and_leave(c, UNSUPPORTED_RESPONSE_TYPE, "OAuth 2.1 4.1.1");
	if (!words_contain(client->grant_types, "authorization_code"))
		refuse_and_leave(c, UNAUTHORIZED_CLIENT, "RFC 6749 4.1.2.1");
}

static void check_scope(struct context *c, const struct client *client, struct flow *flow)
{
	const char *scope = parameter(c, "scope");
	if (!words_contain(scope, "openid"))
		refuse_and_leave(c, INVALID_SCOPE, "OpenID Connect Core 3.1.2.1");
	flow->scope = scope_granted(c, client, scope);
	if (!words_contain(flow->scope, "openid"))
		refuse_because_and_leave(c, INVALID_SCOPE, "RFC 6749 4.1.2.1", "The client may not ask for the scope openid.");
}

static void check_pkce(struct context *c, const struct client *client, struct flow *flow)
{
	const char *challenge = parameter(c, "code_challenge"), *method = parameter(c, "code_challenge_method");
	if (!challenge && method)
		refuse_because_and_leave(c, INVALID_REQUEST, "RFC 7636 4.3", "code_challenge_method stands without code_challenge.");
	if (challenge && !text_equal(method, "S256")) /* absent means plain */
		refuse_because_and_leave(c, INVALID_REQUEST, "RFC 7636 4.4.1", "Only code_challenge_method=S256 is supported.");
	if (challenge && strlen(challenge) != 43)
		refuse_because_and_leave(c, INVALID_REQUEST, "RFC 7636 4.2", "An S256 code_challenge has 43 characters.");
	flow->code_challenge = challenge;
	if (challenge || text_equal(client->pkce, "optional"))
		return;
	if (text_equal(client->pkce, "required"))
		refuse_because_and_leave(c, INVALID_REQUEST, "RFC 9700 2.1.1",
			"code_challenge is missing (for a confidential client the operator can set pkce to nonce or optional).");
	if (!parameter(c, "nonce"))
		refuse_because_and_leave(c, INVALID_REQUEST, "OAuth 2.1 7.5.1",
			"Without code_challenge this client needs a nonce (the operator can set pkce to optional).");
}

static void check_prompt(struct context *c, const struct client *client, struct flow *flow)
{
	int64_t seconds = client->default_max_age;
	flow->prompt = parameter(c, "prompt");
	if (words_contain(flow->prompt, "none") && words_count(flow->prompt) > 1)
		refuse_because_and_leave(c, INVALID_REQUEST, "OpenID Connect Core 3.1.2.1", "prompt=none stands alone.");
	if (parameter(c, "max_age"))
		text_to_number(parameter(c, "max_age"), &seconds);
	flow->max_age = seconds;
}

static void check_acr_values(struct context *c, struct flow *flow)
{
	flow->acr_values = parameter(c, "acr_values");
	if (words_count(flow->acr_values) > ACR_VALUES_MOST)
		refuse_because_and_leave(c, INVALID_REQUEST, "OpenID Connect Core 3.1.2.1", "acr_values has more than 10 words.");
}

struct flow *authorization_request_require(struct context *c, const struct client *authenticated,
	const struct client **client_out)
{
	struct flow *flow = arena_alloc(c->arena, sizeof *flow);
	if (!authenticated)
		flow->pushed_request_hash = pushed_request_take(c);

	/* Until here errors are pages: nobody is sent to an address that no client registered. */
	const struct client *client = require_client(c, authenticated);
	flow->client_id = client->client_id;
	flow->redirect_uri = require_redirect_uri(c, client);
	flow->state = parameter(c, "state");
	if (!authenticated)
		authorization_errors_go_to(c, flow);

	check_response_mode(c, flow);
	parameters_require(c, NULL);
	check_unsupported(c);
	if (!authenticated)
		check_pushed(c, client, flow);
	check_response_type(c, client);
	check_scope(c, client, flow);
	check_pkce(c, client, flow);
	check_prompt(c, client, flow);
	check_acr_values(c, flow);

	flow->nonce = parameter(c, "nonce");
	flow->login_hint = parameter(c, "login_hint");
	flow->id_token_hint = parameter(c, "id_token_hint");
	flow->claims = parameter(c, "claims");
	flow->resource = target_resources_require(c, client);
	flow->address = c->request.address;
	flow->created_at = c->now;
	flow->expires_at = c->now + c->config->flow_seconds;
	*client_out = client;
	return flow;
}

const struct client *authorization_client_require(struct context *c, const struct flow *flow)
{
	const struct client *client = client_find(c->database, flow->client_id);
	if (!client || client->disabled_at || !redirect_uri_matches(client, flow->redirect_uri))
		refuse_and_leave(c, UNKNOWN_CLIENT, "RFC 6749 4.1.2.1");
	authorization_errors_go_to(c, flow);
	return client;
}
