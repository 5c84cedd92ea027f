/* The seals over the audit log: each a MAC over all events since the one before, and over that one. */
#ifndef LATCHKEY_COMMANDS_AUDIT_CHAIN_H
#define LATCHKEY_COMMANDS_AUDIT_CHAIN_H

#include "commands/cli.h"
#include "lib/records/audit_seal_store.h"

enum { AUDIT_BATCH_EVENTS = 10000 };

/* Seals what is new, in batches of at most AUDIT_BATCH_EVENTS; gives how many events that were. */
int64_t audit_chain_seal(struct cli *cli);

struct audit_broken {
	int64_t after; /* the events behind this one, INT64_MIN: from the first on; */
	int64_t until; /* to this one */
	int64_t sealed_at;
};

struct audit_check {
	int64_t events; /* under a seal */
	int64_t seals;
	int64_t broken;
	int64_t unsealed;
	bool kept_found; /* the seal `kept` is in the chain */
};

/* Computes every seal anew; `each` is told of those that do not fit. `kept` (NULL: none) should be one of them. */
struct audit_check audit_chain_check(struct cli *cli, const struct audit_seal *kept,
	void (*each)(void *context, const struct audit_broken *broken), void *context);

#endif
