#include "lib/protocol/jwks.h"

#include "lib/base/json_write.h"
#include "lib/records/signing_key_store.h"

static void write_key(void *context, const struct signing_key_record *key)
{
	json_raw(context, NULL, key->public_jwk);
}

void jwks_write(struct buffer *out, struct database *db, int64_t now)
{
	json_object_open(out, NULL);
	json_array_open(out, "keys");
	signing_key_list(db, now, write_key, out);
	json_array_close(out);
	json_object_close(out);
}
