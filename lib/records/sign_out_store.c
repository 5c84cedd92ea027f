#include "lib/records/sign_out_store.h"

struct signed_out sign_out_everyone(struct database *db, int64_t now)
{
	struct signed_out ended;

	ended.sessions = database_change(db, "DELETE FROM sessions", "");
	ended.grants = database_change(db, "UPDATE grants SET revoked_at = ?1 WHERE sid IS NOT NULL AND revoked_at IS NULL"
		" AND expires_at > ?1 AND replace(' ' || scope || ' ', ' offline_access ', '') = ' ' || scope || ' '", "n", now);
	return ended;
}

struct signed_out sign_out_everything(struct database *db, int64_t now)
{
	struct signed_out ended;

	ended.sessions = database_change(db, "DELETE FROM sessions", "");
	ended.grants = database_change(db, "UPDATE grants SET revoked_at = ?1 WHERE revoked_at IS NULL AND expires_at > ?1", "n", now);
	database_change(db, "UPDATE access_tokens SET revoked_at = ?1 WHERE revoked_at IS NULL AND expires_at > ?1", "n", now);
	database_change(db, "DELETE FROM flows", "");
	database_change(db, "DELETE FROM pushed_requests", "");
	database_change(db, "DELETE FROM links", "");
	return ended;
}
