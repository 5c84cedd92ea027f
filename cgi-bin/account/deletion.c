/*
 * Account: to have it deleted. It stays for a while, in which signing in and cancelling is possible; `latchkey gc` then
 * removes it.
 * Changes: when the account may be removed; all other sessions, all grants, outbox, audit.
 */
#include "lib/base/json_write.h"
#include "lib/endpoint/endpoint.h"
#include "lib/identity/account.h"
#include "lib/identity/notice.h"
#include "lib/records/audit_store.h"
#include "lib/records/grant_store.h"

static enum outcome answer(struct context *c, const struct account *account, int64_t deletion_at)
{
	struct buffer *out = account_answer_open(c, account);
	if (deletion_at)
		json_number(out, "deletion_at", deletion_at);
	json_object_close(out);
	return response_json(c, 200);
}

static enum outcome delete(struct context *c, const struct account *account)
{
	const char *user_id = account->user->user_id;
	int64_t deletion_at = c->now + c->config->account_deletion_seconds;

	database_begin(c->database, DATABASE_DURABLE);
	/* Asked for twice, it still comes when it was promised first. */
	const struct user *user = user_find(c->database, user_id);
	if (user && user->deletion_at) {
		database_rollback(c->database);
		return answer(c, account, user->deletion_at);
	}
	user_set_deletion(c->database, user_id, deletion_at);
	session_end_all(c->database, user_id, account->session->sid);
	grant_revoke_user(c->database, user_id, NULL, c->now);
	account_audit(c, account, AUDIT_DELETION_REQUESTED, NULL);
	notice_add(c, (struct outbox_row){ .kind = OUTBOX_DELETION, .user_id = user_id });
	database_commit(c->database);
	return answer(c, account, deletion_at);
}

static enum outcome cancel(struct context *c, const struct account *account)
{
	const char *user_id = account->user->user_id;

	database_begin(c->database, DATABASE_DURABLE);
	const struct user *user = user_find(c->database, user_id);
	if (user && user->deletion_at) {
		user_set_deletion(c->database, user_id, 0);
		account_audit(c, account, AUDIT_DELETION_CANCELLED, NULL);
	}
	database_commit(c->database);
	return answer(c, account, 0);
}

static enum outcome handle(struct context *c)
{
	struct account account = account_require(c);

	if (c->request.method != METHOD_POST)
		return answer(c, &account, account.user->deletion_at);
	const char *action = account_text_require(c, &account, "action", 16);
	if (text_equal(action, "cancel"))
		return cancel(c, &account);
	if (!text_equal(action, "delete"))
		return refuse_because(c, INVALID_JSON, "RFC 8259 4", "The action must be delete or cancel.");
	account_require_fresh(c, &account);
	return delete(c, &account);
}

const struct endpoint endpoint = {
	.name = "account/deletion",
	.purpose = "lets a user have their account deleted after a while, and take that back",
	.specification = "RFC 9110 9.3.3",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_JSON,
	.json = true,
	.reads = ACCOUNT_TABLES,
	.writes = "users sessions grants outbox audit",
	.handle = handle,
};
