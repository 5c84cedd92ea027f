/*
 * The user's recovery codes: how many are left, and ten new ones in place of the old. The contract is in docs/account.md.
 * Changes: recovery_codes, the audit log, the outbox.
 */
#include "lib/base/json_write.h"
#include "lib/endpoint/endpoint.h"
#include "lib/identity/account.h"
#include "lib/identity/notice.h"
#include "lib/identity/second_factor.h"
#include "lib/records/audit_store.h"
#include "lib/records/recovery_code_store.h"

static enum outcome show(struct context *c, const struct account *account)
{
	int64_t created_at;
	int64_t left = recovery_code_left(c->database, account->user->user_id, &created_at);
	struct buffer *out = account_answer_open(c, account);
	json_number(out, "left", left);
	if (created_at)
		json_number(out, "created_at", created_at);
	json_object_close(out);
	return response_json(c, 200);
}

static enum outcome make(struct context *c, const struct account *account)
{
	database_begin(c->database, DATABASE_DURABLE);
	const char *const *codes = recovery_codes_make(c, account->user);
	account_audit(c, account, AUDIT_FACTOR_ADDED, "recovery_codes");
	notice_add(c, (struct outbox_row){ .kind = OUTBOX_FACTOR_ADDED, .user_id = account->user->user_id, .detail = "recovery_codes" });
	database_commit(c->database);

	struct buffer *out = account_answer_open(c, account);
	json_array_open(out, "recovery_codes");
	for (int i = 0; i < RECOVERY_CODES; i++)
		json_text(out, NULL, codes[i]);
	json_array_close(out);
	json_object_close(out);
	return response_json(c, 200);
}

static enum outcome handle(struct context *c)
{
	const struct account account = account_require(c);
	if (c->request.method != METHOD_POST)
		return show(c, &account);
	account_require_fresh(c, &account);
	if (!text_equal(account_text_require(c, &account, "action", 16), "make"))
		return refuse_because(c, INVALID_JSON, "RFC 8259 4", "The action is unknown.");
	return make(c, &account);
}

const struct endpoint endpoint = {
	.name = "account/recovery_codes",
	.purpose = "makes new recovery codes for who is signed in",
	.specification = "NIST SP 800-63B-4 3.1.2, 4.2",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_JSON,
	.json = true,
	.parameters = NULL,
	.reads = ACCOUNT_TABLES,
	.writes = "recovery_codes audit outbox",
	.keys = "credentials",
	.handle = handle,
};
