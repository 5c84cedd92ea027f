/*
 * The user's authenticator app: set up by a seed and a first code, removed. The contract is in docs/account.md.
 * Changes: totp, recovery_codes, the session (its cookie is a new one), the audit log, the outbox, the counter of attempts.
 */
#include "lib/base/json_write.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/messages.h"
#include "lib/identity/account.h"
#include "lib/identity/attempts.h"
#include "lib/identity/notice.h"
#include "lib/identity/second_factor.h"
#include "lib/identity/session.h"
#include "lib/records/audit_store.h"
#include "lib/records/totp_store.h"

enum { CODE_LONGEST = 64 };

static enum outcome show(struct context *c, const struct account *account)
{
	const struct totp_row *totp = totp_row_find(c->database, account->user->user_id);
	struct buffer *out = account_answer_open(c, account);
	json_text(out, "state", !totp ? "none" : totp->confirmed_at ? "confirmed" : "pending");
	if (totp && totp->confirmed_at)
		json_number(out, "confirmed_at", totp->confirmed_at);
	json_object_close(out);
	return response_json(c, 200);
}

static void tell(struct context *c, const struct account *account, const char *event, const char *kind)
{
	account_audit(c, account, event, "totp");
	notice_add(c, (struct outbox_row){ .kind = kind, .user_id = account->user->user_id, .detail = "totp" });
}

static enum outcome begin(struct context *c, const struct account *account)
{
	database_begin(c->database, DATABASE_DURABLE);
	const char *seed = totp_begin(c, account->user);
	if (!seed)
		return refuse(c, CONFLICT, "RFC 9110 15.5.10");
	database_commit(c->database);
	const char *uri = totp_uri(c, account->user, seed);
	const char *qr_code = totp_qr_code(c, uri);
	struct buffer *out = account_answer_open(c, account);
	json_text(out, "seed", seed);
	json_text(out, "uri", uri);
	json_text(out, "qr_code", qr_code);
	json_object_close(out);
	return response_json(c, 200);
}

/* The same count as in the sign-in: before the code is looked at. */
static bool count_attempt(struct context *c, const struct account *account)
{
	database_begin(c->database, DATABASE_RELAXED);
	bool may = attempt_count(c, "second_factor:account", account->user->user_id, c->config->second_factor_limit,
		c->config->login_limit_seconds);
	if (!may)
		account_audit(c, account, AUDIT_SECOND_FACTOR_LIMITED, NULL);
	database_commit(c->database);
	return may;
}

static enum outcome confirm(struct context *c, struct account *account)
{
	const struct user *user = account->user;
	const char *code = account_text_require(c, account, "code", CODE_LONGEST);
	const char *const *codes = NULL;

	if (!count_attempt(c, account)) {
		response_header(c, "Retry-After", arena_format(c->arena, "%lld", (long long)c->config->login_limit_seconds));
		return refuse_because(c, TOO_MANY_REQUESTS, "RFC 6585 4", message("second_factor_limited"));
	}
	database_begin(c->database, DATABASE_DURABLE);
	const struct totp_row *totp = totp_row_find(c->database, user->user_id);
	if (!totp || totp->confirmed_at)
		return refuse(c, CONFLICT, "RFC 9110 15.5.10");
	if (!totp_confirm(c, user, code)) {
		account_audit(c, account, AUDIT_SECOND_FACTOR_FAILURE, "totp");
		return account_refuse_field(c, "code", message("enroll_wrong"));
	}
	attempt_forget(c, "second_factor:account", user->user_id);
	if (second_factor_of(c, user->user_id).recovery_codes == 0)
		codes = recovery_codes_make(c, user);
	tell(c, account, AUDIT_FACTOR_ADDED, OUTBOX_FACTOR_ADDED);
	/* What a passkey proved is not less than what a password and a code prove. */
	account_start_session(c, account,
		text_equal(account->session->acr, ACR_TWO_FACTORS) ? account->session->amr : AMR_TOTP, ACR_TWO_FACTORS);
	database_commit(c->database);

	struct buffer *out = account_answer_open(c, account);
	if (codes) {
		json_array_open(out, "recovery_codes");
		for (int i = 0; i < RECOVERY_CODES; i++)
			json_text(out, NULL, codes[i]);
		json_array_close(out);
	}
	json_object_close(out);
	return response_json(c, 200);
}

/* Looked at inside the transaction: two tabs never take away the last two factors of who must have one. */
static bool is_needed(struct context *c, const struct account *account)
{
	const struct user *user = user_find(c->database, account->user->user_id);
	return (c->config->second_factor_required || !user || user->second_factor_required)
		&& second_factor_of(c, account->user->user_id).passkeys == 0;
}

/* Inside the transaction, too. */
static bool leaves_short_password(struct context *c, const struct account *account)
{
	const struct user *user = user_find(c->database, account->user->user_id);
	struct second_factor has = second_factor_of(c, account->user->user_id);
	has.totp = false;
	return user && user->password_short && !second_factor_guards(c, user, &has);
}

static enum outcome remove_app(struct context *c, const struct account *account)
{
	database_begin(c->database, DATABASE_DURABLE);
	const struct totp_row *totp = totp_row_find(c->database, account->user->user_id);
	if (!totp)
		return refuse(c, CONFLICT, "RFC 9110 15.5.10");
	if (totp->confirmed_at && is_needed(c, account))
		return account_refuse_field(c, "action", message("second_factor_last"));
	if (totp->confirmed_at && leaves_short_password(c, account))
		return account_refuse_short_password(c, "action");
	totp_remove(c, account->user);
	if (totp->confirmed_at)
		tell(c, account, AUDIT_FACTOR_REMOVED, OUTBOX_FACTOR_REMOVED);
	database_commit(c->database);
	return account_answer_done(c, account);
}

static enum outcome handle(struct context *c)
{
	struct account account = account_require(c);
	if (c->request.method != METHOD_POST)
		return show(c, &account);
	account_require_fresh(c, &account);
	const char *action = account_text_require(c, &account, "action", 16);
	if (text_equal(action, "begin"))
		return begin(c, &account);
	if (text_equal(action, "confirm"))
		return confirm(c, &account);
	if (text_equal(action, "remove"))
		return remove_app(c, &account);
	return refuse_because(c, INVALID_JSON, "RFC 8259 4", "The action is unknown.");
}

const struct endpoint endpoint = {
	.name = "account/totp",
	.purpose = "sets up or removes the authenticator app of who is signed in",
	.specification = "RFC 6238; RFC 4648 6; NIST SP 800-63B-4 4.1",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_JSON,
	.json = true,
	.parameters = NULL,
	.reads = ACCOUNT_TABLES,
	.writes = "sessions outbox " SECOND_FACTOR_TABLES,
	.keys = "credentials",
	.handle = handle,
};
