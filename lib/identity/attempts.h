/* Counting attempts per account and per address, so that guessing and flooding come to an end. */
#ifndef LATCHKEY_IDENTITY_ATTEMPTS_H
#define LATCHKEY_IDENTITY_ATTEMPTS_H

#include "lib/http/context.h"
#include "lib/records/limit_store.h"

/* The address for counting: an IPv6 address counts as its /64, which one machine owns as a whole. */
const char *attempt_network(struct context *c);

/*
 * Counts an attempt of `kind` by `subject` before it is made, inside the caller's transaction: false if that is more
 * than `most` within `seconds`. most = 0: no limit, nothing is counted.
 */
bool attempt_count(struct context *c, const char *kind, const char *subject, int64_t most, int64_t seconds);

/* It succeeded: the subject's count starts anew, or (for addresses, which many share) this attempt is taken off. */
void attempt_forget(struct context *c, const char *kind, const char *subject);
void attempt_take_back(struct context *c, const char *kind, const char *subject);

#endif
