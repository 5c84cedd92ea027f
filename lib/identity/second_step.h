/* Who owes a second factor in a flow: after their password, or since the request asks for more than their session has. */
#ifndef LATCHKEY_IDENTITY_SECOND_STEP_H
#define LATCHKEY_IDENTITY_SECOND_STEP_H

#include "lib/http/context.h"
#include "lib/records/client_store.h"
#include "lib/records/flow_store.h"
#include "lib/records/user_store.h"

/* Beside the tables of the flow. */
#define SECOND_STEP_READS "clients users consents"

struct second_step {
	const struct client *client; /* NULL: without an application */
	const struct user *user;
	bool stay;  /* of the session that it leads to */
	bool fresh; /* the password was proved a short while ago: enough to set up a factor */
};

/* Redirects, without returning, to where the flow goes on if nobody does. Reads sessions, too. */
struct second_step second_step_require(struct context *c, const struct flow *flow);

#endif
