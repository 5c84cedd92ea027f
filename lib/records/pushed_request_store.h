/* Pushed authorization requests (RFC 9126): table pushed_requests. */
#ifndef LATCHKEY_RECORDS_PUSHED_REQUEST_STORE_H
#define LATCHKEY_RECORDS_PUSHED_REQUEST_STORE_H

#include "lib/database/database.h"

struct pushed_request {
	const unsigned char *request_hash; /* of the random part of the request_uri */
	const char *client_id;
	const char *parameters;            /* as a form, sealed */
	int64_t expires_at;
};

void pushed_request_insert(struct database *db, const struct pushed_request *request);

/* NULL if there is none or it expired. */
const struct pushed_request *pushed_request_find(struct database *db, const unsigned char *request_hash, int64_t now);

/* Keeps it as long as the flow that it became, so that a reload finds it again. */
void pushed_request_extend(struct database *db, const unsigned char *request_hash, int64_t expires_at);

/* False if it was gone already. */
bool pushed_request_remove(struct database *db, const unsigned char *request_hash);

int64_t pushed_request_remove_expired(struct database *db, int64_t now, int limit);

#endif
