/*
 * Account: a new password, and what the meter shows of one that is being typed. Who changes it may do so because
 * somebody else knows the old one: all that the old one opened ends.
 * Changes: the password, all other sessions, all grants, this session's cookie, links under way, a counter, outbox, audit.
 */
#include <inttypes.h>

#include "lib/base/json_write.h"
#include "lib/crypto/sealed_hash.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/message_text.h"
#include "lib/identity/account.h"
#include "lib/identity/attempts.h"
#include "lib/identity/notice.h"
#include "lib/identity/password.h"
#include "lib/identity/second_factor.h"
#include "lib/identity/session.h"
#include "lib/records/audit_store.h"
#include "lib/records/grant_store.h"
#include "lib/records/link_store.h"

enum { CHECKS_MOST = 600, HOUR = 3600 }; /* the page asks while its user types */

static struct password_subject subject_of(struct context *c, const struct user *user)
{
	struct claims claims = user_claims(c->database, user->user_id);
	struct second_factor has = second_factor_of(c, user->user_id);
	struct password_subject subject = password_subject_of(c->arena, user->username, &claims);
	subject.second_factor = second_factor_guards(c, user, &has);
	return subject;
}

static const char *problem_text(struct context *c, const struct password_subject *subject, const char *password)
{
	const char *problem = password_check(c->arena, c->config, subject, password);
	int64_t least = password_least(c->config, subject->second_factor);
	return problem ? message_text(c->arena, problem, "min_length", arena_format(c->arena, "%" PRId64, least)) : NULL;
}

static enum outcome show(struct context *c, const struct account *account, const struct password_subject *subject)
{
	struct buffer *out = account_answer_open(c, account);
	json_number(out, "min_length", password_least(c->config, subject->second_factor));
	json_object_close(out);
	return response_json(c, 200);
}

static enum outcome check(struct context *c, const struct account *account, const struct password_subject *subject,
	const char *password)
{
	database_begin(c->database, DATABASE_RELAXED);
	bool allowed = attempt_count(c, "password:check", account->session->sid, CHECKS_MOST, HOUR);
	database_commit(c->database);
	if (!allowed)
		return refuse(c, TOO_MANY_REQUESTS, "RFC 6585 4");

	const char *problem = problem_text(c, subject, password);
	struct buffer *out = account_answer_open(c, account);
	json_number(out, "score", password_score(c->arena, c->config, subject, password));
	json_text(out, "problem", problem);
	json_object_close(out);
	return response_json(c, 200);
}

/* Inside the transaction: the factor that let a short password pass may be gone by now. */
static bool is_too_short_by_now(struct context *c, const struct user *before, bool is_short)
{
	const struct user *user = user_find(c->database, before->user_id);
	struct second_factor has = second_factor_of(c, before->user_id);
	return is_short && (!user || !second_factor_guards(c, user, &has));
}

static enum outcome change(struct context *c, struct account *account, const struct password_subject *subject,
	const char *password)
{
	const char *user_id = account->user->user_id, *error = NULL;
	const char *problem = problem_text(c, subject, password);
	char *sealed = NULL;
	bool is_short = password_is_short(c->arena, c->config, password);

	if (problem)
		return account_refuse_field(c, "password", problem);
	switch (sealed_hash_make(c->arena, c->config, password_purpose(c->arena, user_id), password_normalise(c->arena, password),
		&sealed, &error)) {
	case SEALED_HASH_MATCHES:
		break;
	case SEALED_HASH_BUSY:
		return refuse(c, TEMPORARILY_UNAVAILABLE, "RFC 9106 4");
	default:
		fail(c, "new password: %s", error);
	}

	database_begin(c->database, DATABASE_DURABLE);
	if (is_too_short_by_now(c, account->user, is_short))
		return account_refuse_short_password(c, "password");
	user_set_password(c->database, user_id, sealed, is_short, c->now);
	session_end_all(c->database, user_id, account->session->sid);
	grant_revoke_user(c->database, user_id, NULL, c->now);
	link_remove_of_user(c->database, user_id, NULL);
	account->cookie = session_renew(c, account->session).cookie;
	account_audit(c, account, AUDIT_PASSWORD_CHANGED, NULL);
	notice_add(c, (struct outbox_row){ .kind = OUTBOX_PASSWORD_CHANGED, .user_id = user_id });
	database_commit(c->database);
	return account_answer_done(c, account);
}

static enum outcome handle(struct context *c)
{
	struct account account = account_require(c);
	struct password_subject subject = subject_of(c, account.user);

	if (c->request.method != METHOD_POST)
		return show(c, &account, &subject);
	const char *action = account_text_require(c, &account, "action", 16);
	const char *password = json_string(json_member(account.body, "password"));
	if (!text_equal(action, "check") && !text_equal(action, "change"))
		return refuse_because(c, INVALID_JSON, "RFC 8259 4", "The action must be check or change.");
	if (!password)
		return refuse_because(c, INVALID_JSON, "RFC 8259 4", "The member password must be a text.");
	if (text_equal(action, "check"))
		return check(c, &account, &subject, password);
	account_require_fresh(c, &account);
	return change(c, &account, &subject, password);
}

const struct endpoint endpoint = {
	.name = "account/password",
	.purpose = "sets a new password of the user's choice, and says how good one is",
	.specification = "NIST SP 800-63B-4 3.1.1.2; RFC 8265 4.2",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_JSON,
	.json = true,
	.reads = ACCOUNT_TABLES " user_claims",
	.writes = "users sessions grants links limits outbox audit",
	.keys = "credentials",
	.handle = handle,
};
