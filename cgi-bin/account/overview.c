/*
 * What the account page shows first: who is signed in, and how the account is protected. The contract is in docs/account.md.
 * Changes: nothing.
 */
#include "lib/base/json_write.h"
#include "lib/endpoint/endpoint.h"
#include "lib/identity/account.h"
#include "lib/identity/passkey.h"
#include "lib/identity/password.h"
#include "lib/identity/second_factor.h"

static void write_claim(struct buffer *out, const struct claims *claims, const char *name)
{
	const char *json = claims_find(claims, name);
	if (json)
		json_raw(out, name, json);
}

static void write_second_factor(struct context *c, struct buffer *out, const struct user *user, const struct second_factor *has)
{
	json_object_open(out, "second_factor");
	json_bool(out, "totp", has->totp);
	json_number(out, "recovery_codes", has->recovery_codes);
	json_number(out, "passkeys", has->passkeys);
	json_bool(out, "required", user->second_factor_required);
	json_bool(out, "required_by_operator", c->config->second_factor_required);
	json_object_close(out);
}

static enum outcome handle(struct context *c)
{
	const struct account account = account_require(c);
	const struct user *user = account.user;
	const struct claims claims = user_claims(c->database, user->user_id);
	const struct second_factor has = second_factor_of(c, user->user_id);

	struct buffer *out = account_answer_open(c, &account);
	json_text(out, "site_name", c->config->site_name);
	json_text(out, "username", user->username);
	write_claim(out, &claims, "name");
	write_claim(out, &claims, "email");
	write_claim(out, &claims, "email_verified");
	write_claim(out, &claims, "picture");
	json_bool(out, "fresh", account_is_fresh(c, &account));
	json_number(out, "version", user->version);
	if (user->deletion_at)
		json_number(out, "deletion_at", user->deletion_at);
	json_number(out, "deletion_seconds", c->config->account_deletion_seconds);
	write_second_factor(c, out, user, &has);
	json_bool(out, "passkeys_possible", passkey_rp_id(c) != NULL);
	json_bool(out, "password", user->password != NULL);
	json_number(out, "password_min_length", password_least(c->config, second_factor_guards(c, user, &has)));
	json_object_close(out);
	return response_json(c, 200);
}

const struct endpoint endpoint = {
	.name = "account/overview",
	.purpose = "tells the account page who is signed in and how the account is protected",
	.specification = "OpenID Connect Core 5.1",
	.methods = METHOD_GET,
	.answers = ANSWERS_JSON,
	.parameters = NULL,
	.reads = ACCOUNT_TABLES " user_claims",
	.writes = NULL,
	.keys = NULL,
	.handle = handle,
};
