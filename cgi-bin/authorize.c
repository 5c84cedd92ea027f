/*
 * The authorization endpoint (RFC 6749 3.1; OpenID Connect Core 3.1.2): where a client sends its user's browser.
 * It checks the request, asks what the user still has to do, and either sends the browser to that page or answers the
 * client with a code. Every page sends the browser back here, so this is the one place that decides.
 * Changes: the flow of a request that needs its user; the grant of one that does not.
 */
#include "lib/endpoint/endpoint.h"
#include "lib/identity/flow.h"
#include "lib/identity/session.h"
#include "lib/protocol/authorization_request.h"
#include "lib/protocol/authorization_response.h"
#include "lib/protocol/interaction.h"

static const char *page_of(enum step step)
{
	switch (step) {
	case STEP_LOGIN:
	case STEP_SELECT_ACCOUNT:
		return "login";
	case STEP_SECOND_FACTOR:
		return "second_factor";
	case STEP_READ:
	case STEP_CONSENT:
	case STEP_FINISH:
		break;
	}
	return "consent";
}

/* A POST from the client's page brings no cookie, since ours are SameSite=Lax: it is stored, and gone on with by GET. */
static enum outcome park(struct context *c, struct flow *flow)
{
	flow_open(c, flow);
	return flow_go_to(c, "authorize", flow);
}

static enum outcome handle(struct context *c)
{
	const struct client *client;
	struct flow new_flow = { 0 };
	const struct flow *flow = &new_flow;

	if (parameter(c, "flow") && !parameter(c, "client_id")) {
		flow = flow_require(c);
		if (!flow->client_id)
			return flow_go_on(c, flow);
		client = authorization_client_require(c, flow);
	} else {
		new_flow = *authorization_request_require(c, NULL, &client);
		authorization_errors_go_to(c, flow);
		if (c->request.method == METHOD_POST)
			return park(c, &new_flow);
	}

	const struct session *session = session_current(c);
	enum step step = interaction_next(c, flow, client, session);
	if (step == STEP_FINISH)
		return authorization_finish(c, flow, client, session);
	if (words_contain(flow->prompt, "none") && interaction_error(step))
		return refuse(c, interaction_error(step), "OpenID Connect Core 3.1.2.6");
	if (!flow->flow_id)
		flow_open(c, &new_flow);
	return flow_go_to(c, page_of(step), flow);
}

static const struct parameter parameters[] = {
	AUTHORIZATION_REQUEST_PARAMETERS,
	FLOW_PARAMETER,
	{ 0 },
};

const struct endpoint endpoint = {
	.name = "authorize",
	.purpose = "takes an authorization request and answers it with a code, or sends the user to sign in or consent",
	.specification = "RFC 6749 3.1, 4.1; OpenID Connect Core 3.1.2; RFC 7636 4.3; RFC 9207; RFC 9700 2.1, 4.1",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_PAGES,
	.parameters_later = true,
	.parameters = parameters,
	.reads = "users " AUTHORIZATION_REQUEST_TABLES,
	.writes = FLOW_TABLES " " AUTHORIZATION_FINISH_TABLES,
	.keys = NULL,
	.handle = handle,
};
