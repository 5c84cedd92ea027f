#include "lib/records/audit_seal_store.h"

#include <string.h>

static bool read_one(struct statement *row, struct audit_seal *seal)
{
	const unsigned char *mac;
	size_t length;
	bool found = statement_row(row);

	*seal = (struct audit_seal){ 0 };
	if (found) {
		seal->audit_id = statement_number(row, 0);
		mac = statement_bytes(row, 1, &length);
		if (length == sizeof seal->mac) /* of another length it was tampered with, and zeros do not fit either */
			memcpy(seal->mac, mac, sizeof seal->mac);
		seal->sealed_at = statement_number(row, 2);
	}
	statement_end(row);
	return found;
}

bool audit_seal_last(struct database *db, struct audit_seal *seal)
{
	return read_one(database_query(db, "SELECT audit_id, mac, sealed_at FROM audit_seals"
		" WHERE audit_id > ?1 ORDER BY audit_id DESC LIMIT 1", "n", INT64_MIN), seal);
}

bool audit_seal_next(struct database *db, int64_t after, struct audit_seal *seal)
{
	return read_one(database_query(db, "SELECT audit_id, mac, sealed_at FROM audit_seals"
		" WHERE audit_id > ?1 ORDER BY audit_id LIMIT 1", "n", after), seal);
}

bool audit_seal_insert(struct database *db, const struct audit_seal *seal, int64_t previous)
{
	return database_change(db, "INSERT INTO audit_seals (audit_id, mac, sealed_at) SELECT ?1, ?2, ?3"
		" WHERE NOT EXISTS (SELECT 1 FROM audit_seals WHERE audit_id > ?4)", "nbnn", seal->audit_id, seal->mac,
		sizeof seal->mac, seal->sealed_at, previous) == 1;
}
