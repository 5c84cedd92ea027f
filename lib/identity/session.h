/* The browser's session: a cookie of 256 random bits, of which the database knows the hash. */
#ifndef LATCHKEY_IDENTITY_SESSION_H
#define LATCHKEY_IDENTITY_SESSION_H

#include "lib/http/context.h"
#include "lib/protocol/acr.h"
#include "lib/records/session_store.h"

/* Who is signed in in this browser; NULL if nobody is. */
const struct session *session_current(struct context *c);

/*
 * Signs a user in, inside the caller's transaction: always under a new cookie (session fixation). The sid stays if the
 * same user signs in again; the old cookie then counts for a minute more, for requests of other tabs that are under way,
 * but with its own, older auth_time. `amr` are words of RFC 8176. Forms of pages
 * that stay open are bound to the new cookie from then on.
 */
struct started_session {
	const char *sid, *cookie;
};
struct started_session session_start(struct context *c, const char *user_id, const char *amr, const char *acr, bool stay);

/*
 * The same session under a new cookie, inside the caller's transaction: the old one ends at once. Nothing else changes;
 * auth_time neither, since its user proved nothing anew.
 */
struct started_session session_renew(struct context *c, const struct session *session);

/* Signs out, inside the caller's transaction: ends the session, its codes, and its tokens without offline_access. */
void session_finish(struct context *c, const struct session *session);

#endif
