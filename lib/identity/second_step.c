#include "lib/identity/second_step.h"

#include "lib/base/text.h"
#include "lib/identity/flow.h"
#include "lib/identity/session.h"
#include "lib/protocol/authorization_request.h"
#include "lib/protocol/interaction.h"

enum { PASSWORD_COUNTS_SECONDS = 600 };

/* NULL if no password counts in this flow, or not any more. */
static const struct user *find_first(struct context *c, const struct flow *flow)
{
	if (!flow->first_user_id || flow->first_at < c->now - PASSWORD_COUNTS_SECONDS)
		return NULL;
	if (flow->required_user_id && !text_equal(flow->required_user_id, flow->first_user_id))
		return NULL;
	const struct user *user = user_find(c->database, flow->first_user_id);
	/* A password that was changed meanwhile has proved nothing. */
	return user && !user->disabled_at && user->password_changed_at <= flow->first_at ? user : NULL;
}

struct second_step second_step_require(struct context *c, const struct flow *flow)
{
	struct second_step owed = { .client = flow->client_id ? authorization_client_require(c, flow) : NULL };
	c->answer_error = NULL; /* what goes wrong with a form concerns the user, not the client */

	owed.user = find_first(c, flow);
	if (owed.user) {
		owed.stay = flow->stay;
		owed.fresh = true;
		return owed;
	}
	const struct session *session = session_current(c);
	/* Only where nothing stands before it: a session alone is not enough for prompt=login or max_age. */
	bool owes = interaction_next(c, flow, owed.client, session) == STEP_SECOND_FACTOR;
	owed.user = owes ? user_find(c->database, session->user_id) : NULL;
	if (!owed.user) {
		flow_go_to(c, owed.client ? "authorize" : "login", flow);
		context_leave(c);
	}
	owed.stay = session->idle_seconds > c->config->session_idle_seconds;
	owed.fresh = session->auth_time >= c->now - c->config->fresh_login_seconds;
	return owed;
}
