#include "lib/identity/device.h"

#include <string.h>

#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/http/cookies.h"
#include "lib/identity/notice.h"
#include "lib/records/device_store.h"

enum {
	COOKIE_SECONDS = 34560000, /* 400 days, the most that browsers keep a cookie (RFC 6265bis 5.5) */
	COOKIE_LENGTH = 43,
};

void device_note(struct context *c, const char *user_id, const char *sid)
{
	const char *value = cookie_find(c, "device");
	bool sent = value && strlen(value) == COOKIE_LENGTH;
	if (!sent)
		value = random_token(c->arena);
	const unsigned char *hash = sha256_of(c->arena, value);

	if (!sent || !device_touch(c->database, user_id, hash, c->now)) {
		/* Asked before the insert: nobody is told of their very first sign-in. */
		if (device_any(c->database, user_id))
			notice_add(c, (struct outbox_row){ .kind = OUTBOX_NEW_DEVICE, .user_id = user_id, .sid = sid });
		device_insert(c->database, user_id, hash, c->now);
	}
	cookie_set(c, "device", value, COOKIE_SECONDS);
}
