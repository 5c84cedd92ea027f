/* The key that signs tokens now, and the change from one to the next, which leaves no moment without one. */
#ifndef LATCHKEY_PROTOCOL_SIGNING_H
#define LATCHKEY_PROTOCOL_SIGNING_H

#include "lib/crypto/signing_key.h"
#include "lib/database/database.h"
#include "lib/http/context.h"

/* What an endpoint that signs must declare in its privileges. */
#define SIGNING_READS "clients resources access_tokens"
#define SIGNING_WRITES "signing_keys audit"
#define SIGNING_KEYS "signing"

/*
 * The private key to sign with; it belongs to the process, which keeps what it has read. Promotes a next key that is due, in a
 * transaction of its own: call it outside of transactions. Fails, and does not return, where there is no key.
 */
struct signing_key *signing_key_require(struct context *c, const char *alg);

/*
 * Promotes a next key that is due, in the caller's transaction; the old one leaves the jwks when the last token that
 * it signed has ended. False if somebody else did.
 */
bool signing_promote(struct database *db, const struct config *config, const char *alg, const char *kid, int64_t now);

#endif
