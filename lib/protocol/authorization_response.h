/* What goes back to the client through the browser: a code or an error (RFC 6749 4.1.2; RFC 9207; form post response mode). */
#ifndef LATCHKEY_PROTOCOL_AUTHORIZATION_RESPONSE_H
#define LATCHKEY_PROTOCOL_AUTHORIZATION_RESPONSE_H

#include "lib/http/context.h"
#include "lib/records/client_store.h"
#include "lib/records/flow_store.h"
#include "lib/records/session_store.h"

/* What an endpoint that calls authorization_finish() must be able to write. */
#define AUTHORIZATION_FINISH_TABLES "grants flows sessions consents pushed_requests audit"

/*
 * From here on errors go to the flow's redirect URI, by its response mode: only after client and redirect URI were
 * verified (RFC 6749 4.1.2.1). The flow must stay valid and may still be filled in.
 */
void authorization_errors_go_to(struct context *c, const struct flow *flow);

/*
 * Issues the code and answers with it. The grant, the flow's end and the audit event are one durable transaction,
 * or part of the caller's, which this commits. Of two that finish the same flow one is refused.
 */
enum outcome authorization_finish(struct context *c, const struct flow *flow, const struct client *client,
	const struct session *session);

#endif
