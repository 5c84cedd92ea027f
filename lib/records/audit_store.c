#include "lib/records/audit_store.h"

void audit_write(struct database *db, const struct audit_event *event)
{
	database_change(db, "INSERT INTO audit (at, event, user_id, client_id, sid, grant_id, address, request_id,"
		" detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", "ntttttttt", event->at, event->event,
		event->user_id, event->client_id, event->sid, event->grant_id, event->address, event->request_id,
		event->detail);
}
