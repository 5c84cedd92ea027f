#include "lib/protocol/tokens.h"

#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/crypto/random.h"
#include "lib/protocol/claims.h"

/* One as a string, since many APIs compare it as one; several as an array (RFC 7519 4.1.3). */
static void write_audience(struct buffer *out, const char *audience)
{
	if (words_count(audience) == 1)
		json_text(out, "aud", audience);
	else
		json_words(out, "aud", audience);
}

char *access_token_payload(struct context *c, const struct client *client, const struct grant *grant, const struct target *target)
{
	struct buffer out = buffer_create(c->arena, 512);
	json_object_open(&out, NULL);
	json_text(&out, "iss", c->config->issuer);
	json_text(&out, "sub", grant ? grant->user_id : client->client_id);
	write_audience(&out, target->audience);
	json_text(&out, "client_id", client->client_id);
	json_number(&out, "exp", c->now + target->seconds);
	json_number(&out, "iat", c->now);
	json_text(&out, "jti", random_alphanumeric(c->arena, 22));
	json_text(&out, "scope", *target->scope ? target->scope : NULL);
	if (grant) {
		json_number(&out, "auth_time", grant->auth_time);
		json_text(&out, "acr", grant->acr);
		json_words(&out, "amr", grant->amr);
	}
	json_object_close(&out);
	return out.data;
}

char *id_token_payload(struct context *c, const struct client *client, const struct grant *grant,
	const struct user *user, const struct claims *claims, const char *at_hash)
{
	struct buffer out = buffer_create(c->arena, 1024);
	json_object_open(&out, NULL);
	json_text(&out, "iss", c->config->issuer);
	json_text(&out, "sub", grant->user_id);
	json_text(&out, "aud", client->client_id);
	json_number(&out, "exp", c->now + c->config->id_token_seconds);
	json_number(&out, "iat", c->now);
	json_number(&out, "auth_time", grant->auth_time);
	json_text(&out, "nonce", grant->nonce);
	json_text(&out, "acr", grant->acr);
	json_words(&out, "amr", grant->amr);
	json_text(&out, "at_hash", at_hash);
	json_text(&out, "sid", grant->sid);
	bool full = !text_equal(client->id_token_claims, "minimal");
	claims_write(&out, &client->claim_rules, user, claims, full ? grant->scope : NULL, grant->claims_id_token);
	json_object_close(&out);
	return out.data;
}
