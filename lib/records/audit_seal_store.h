/* The chain over the audit log: table audit_seals. */
#ifndef LATCHKEY_RECORDS_AUDIT_SEAL_STORE_H
#define LATCHKEY_RECORDS_AUDIT_SEAL_STORE_H

#include "lib/database/database.h"

enum { AUDIT_MAC_BYTES = 32 };

struct audit_seal {
	int64_t audit_id; /* the last event covered */
	unsigned char mac[AUDIT_MAC_BYTES];
	int64_t sealed_at;
};

/* The newest one; the first one behind an event. False if there is none. */
bool audit_seal_last(struct database *db, struct audit_seal *seal);
bool audit_seal_next(struct database *db, int64_t after, struct audit_seal *seal);

/* Adds one behind that of `previous` (INT64_MIN: the first). False if somebody else has sealed meanwhile. */
bool audit_seal_insert(struct database *db, const struct audit_seal *seal, int64_t previous);

#endif
