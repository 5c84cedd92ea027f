#include "lib/protocol/id_token_hint.h"

#include "lib/base/text.h"
#include "lib/crypto/jws.h"
#include "lib/records/signing_key_store.h"

bool id_token_hint_read(struct context *c, const char *token, struct id_token_hint *hint)
{
	struct jws jws;
	if (!jws_read_own(c->arena, token, &jws) || !text_equal(jws.typ, "JWT"))
		return false;
	const struct signing_key_record *key = signing_key_find(c->database, jws.kid, c->now);
	if (!key || !jws_verify(c->arena, &jws, key->public_jwk))
		return false;
	if (!text_equal(jws_own_text(c->arena, jws.payload, "iss"), c->config->issuer))
		return false;
	hint->sub = jws_own_text(c->arena, jws.payload, "sub");
	hint->aud = jws_own_text(c->arena, jws.payload, "aud");
	hint->sid = jws_own_text(c->arena, jws.payload, "sid");
	return hint->sub && hint->aud;
}
