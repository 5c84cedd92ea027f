/*
 * Whether the user wants to sign in with two factors only. The contract is in docs/account.md.
 * Changes: users, the audit log.
 */
#include "lib/endpoint/endpoint.h"
#include "lib/http/messages.h"
#include "lib/identity/account.h"
#include "lib/identity/second_factor.h"
#include "lib/records/audit_store.h"

/* Where it is this demand alone that puts a passkey before a short password. Inside the transaction. */
static bool leaves_short_password(struct context *c, const char *user_id, const struct second_factor *has)
{
	struct user user = *user_find(c->database, user_id);
	bool before = second_factor_guards(c, &user, has);
	user.second_factor_required = false;
	return user.password_short && before && !second_factor_guards(c, &user, has);
}

static enum outcome require_factor(struct context *c, const struct account *account, bool required)
{
	database_begin(c->database, DATABASE_DURABLE);
	struct second_factor has = second_factor_of(c, account->user->user_id);
	if (required && !has.totp && has.passkeys == 0)
		return account_refuse_field(c, "required", message("second_factor_none"));
	if (!required && leaves_short_password(c, account->user->user_id, &has))
		return account_refuse_short_password(c, "required");
	user_set_second_factor_required(c->database, account->user->user_id, required);
	account_audit(c, account, required ? AUDIT_SECOND_FACTOR_REQUIRED : AUDIT_SECOND_FACTOR_OPTIONAL, NULL);
	database_commit(c->database);
	return account_answer_done(c, account);
}

static enum outcome handle(struct context *c)
{
	const struct account account = account_require(c);
	bool required;
	account_require_fresh(c, &account);
	if (!text_equal(account_text_require(c, &account, "action", 16), "require"))
		return refuse_because(c, INVALID_JSON, "RFC 8259 4", "The action is unknown.");
	if (!json_is_bool(json_member(account.body, "required"), &required))
		return refuse_because(c, INVALID_JSON, "RFC 8259 4", "The member required must be true or false.");
	return require_factor(c, &account, required);
}

const struct endpoint endpoint = {
	.name = "account/second_factor",
	.purpose = "lets who is signed in demand a second factor of themselves",
	.specification = "NIST SP 800-63B-4 2.2",
	.methods = METHOD_POST,
	.answers = ANSWERS_JSON,
	.json = true,
	.parameters = NULL,
	.reads = ACCOUNT_TABLES,
	.writes = "users audit",
	.keys = NULL,
	.handle = handle,
};
