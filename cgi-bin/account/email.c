/*
 * Account: another e-mail address. It counts once the link that goes there was followed (verify_email); until then the
 * old one stays.
 * Changes: the address that waits and the link to it, the account's version, a counter, outbox, audit.
 */
#include <string.h>

#include "lib/base/json_write.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/messages.h"
#include "lib/identity/account.h"
#include "lib/identity/attempts.h"
#include "lib/identity/notice.h"
#include "lib/records/audit_store.h"
#include "lib/records/email_change_store.h"
#include "lib/records/link_store.h"

enum { CHANGES_MOST = 5, HOUR = 3600, EMAIL_LONGEST = 254, LOCAL_LONGEST = 64 }; /* RFC 5321 4.5.3.1 */

/* What mail programs take without quoting: one @, a host of letters, digits, dots and hyphens. */
static bool is_email(const char *text)
{
	const char *at = strchr(text, '@');
	if (!at || at == text || at - text > LOCAL_LONGEST || strlen(text) > EMAIL_LONGEST)
		return false;
	for (const char *local = text; local < at; local++)
		if ((unsigned char)*local <= ' ' || strchr("\"(),:;<>[\\]\x7f", *local))
			return false;
	size_t host = strspn(at + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
	return host > 0 && !at[1 + host] && !strstr(at, "..") && at[1] != '.' && at[1] != '-' && at[host] != '.' && at[host] != '-';
}

static bool is_current(struct context *c, const struct user *user, const char *email)
{
	struct claims claims = user_claims(c->database, user->user_id);
	const char *json = claims_find(&claims, "email");
	const char *current = json ? json_string(json_parse(c->arena, json, strlen(json), NULL)) : NULL;
	return text_equal(current, email) && text_equal(claims_find(&claims, "email_verified"), "true");
}

static enum outcome answer(struct context *c, const struct account *account, int64_t version)
{
	struct buffer *out = account_answer_open(c, account);
	json_number(out, "version", version);
	json_object_close(out);
	return response_json(c, 200);
}

static enum outcome change(struct context *c, const struct account *account)
{
	const char *user_id = account->user->user_id;
	const char *email = account_text_require(c, account, "email", 1024);

	account_number_require(c, account, "version");
	if (!is_email(email))
		return account_refuse_field(c, "email", message("email_invalid"));
	if (is_current(c, account->user, email))
		return account_refuse_field(c, "email", message("email_is_yours"));
	database_begin(c->database, DATABASE_RELAXED);
	bool allowed = attempt_count(c, "email:change", user_id, CHANGES_MOST, HOUR);
	database_commit(c->database);
	if (!allowed)
		return refuse(c, TOO_MANY_REQUESTS, "RFC 6585 4");

	database_begin(c->database, DATABASE_DURABLE);
	account_change(c, account);
	email_change_save(c->database, user_id, email, c->now);
	link_remove_of_user(c->database, user_id, LINK_VERIFY_EMAIL);
	if (!outbox_has(c->database, OUTBOX_VERIFY_EMAIL, user_id))
		notice_add(c, (struct outbox_row){ .kind = OUTBOX_VERIFY_EMAIL, .user_id = user_id });
	account_audit(c, account, AUDIT_EMAIL_REQUESTED, NULL);
	database_commit(c->database);
	return answer(c, account, account->user->version + 1);
}

static enum outcome cancel(struct context *c, const struct account *account)
{
	const char *user_id = account->user->user_id;

	database_begin(c->database, DATABASE_DURABLE);
	if (email_change_remove(c->database, user_id)) {
		link_remove_of_user(c->database, user_id, LINK_VERIFY_EMAIL);
		account_audit(c, account, AUDIT_EMAIL_CANCELLED, NULL);
	}
	database_commit(c->database);
	return answer(c, account, account->user->version);
}

static enum outcome handle(struct context *c)
{
	struct account account = account_require(c);
	const char *action = account_text_require(c, &account, "action", 16);

	if (!text_equal(action, "change") && !text_equal(action, "cancel"))
		return refuse_because(c, INVALID_JSON, "RFC 8259 4", "The action must be change or cancel.");
	account_require_fresh(c, &account);
	return text_equal(action, "change") ? change(c, &account) : cancel(c, &account);
}

const struct endpoint endpoint = {
	.name = "account/email",
	.purpose = "lets a user change their e-mail address, which counts once it is proven",
	.specification = "OpenID Connect Core 5.1; NIST SP 800-63B-4 4.6",
	.methods = METHOD_POST,
	.answers = ANSWERS_JSON,
	.json = true,
	.reads = ACCOUNT_TABLES " user_claims",
	.writes = "users email_changes links limits outbox audit",
	.handle = handle,
};
