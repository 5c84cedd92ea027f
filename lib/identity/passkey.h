/* Passkeys as this issuer uses them (WebAuthn): whether it can, the challenges, and the button on the pages of a sign-in. */
#ifndef LATCHKEY_IDENTITY_PASSKEY_H
#define LATCHKEY_IDENTITY_PASSKEY_H

#include "lib/crypto/webauthn.h"
#include "lib/http/context.h"
#include "lib/http/html.h"
#include "lib/records/flow_store.h"
#include "lib/records/user_store.h"

#define PASSKEY_FORM "passkey" /* the name that the form's CSRF token is made for */

/* A row of the parameter table of pages with that button: what was wrong with the passkey tried last. */
#define PASSKEY_PARAMETER { "passkey", is_visible_ascii, 16, false }

/*
 * The RP ID: the issuer's host. NULL if browsers would offer no passkeys there: an address has no name (WebAuthn 2 4), and plain
 * http, but for localhost, is no secure context (WebAuthn 2 5.6).
 */
const char *passkey_rp_id(struct context *c);

/*
 * What has to be signed to sign in in this flow, or to register for this user in this session. A challenge is never stored: it is
 * made anew out of the cookie and the number of those that were used up; NULL where passkey_rp_id() is.
 */
const struct webauthn_site *passkey_site_of_flow(struct context *c, const struct flow *flow);
const struct webauthn_site *passkey_site_of_session(struct context *c, const struct user *user);

/*
 * Sets what `{{#passkey}}` shows on a page of the flow, if there can be passkeys, and `error` if the passkey tried last was
 * wrong. Call it after the page's own values are set.
 */
void passkey_page_set(struct context *c, struct page *page, const struct flow *flow);

#endif
