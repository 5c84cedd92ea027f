/*
 * What the JSON endpoints of the account page have in common. A GET gives data of who is signed in, and a CSRF token;
 * a POST is a JSON object with that token as its member "csrf" and, in most, what to do as "action".
 */
#ifndef LATCHKEY_IDENTITY_ACCOUNT_H
#define LATCHKEY_IDENTITY_ACCOUNT_H

#include "lib/base/buffer.h"
#include "lib/base/json.h"
#include "lib/http/context.h"
#include "lib/records/session_store.h"
#include "lib/records/user_store.h"

struct account {
	const struct session *session;
	const struct user *user;
	const struct cJSON *body; /* of a POST: an object; NULL else */
	const char *cookie;       /* of the session: what its CSRF token is made of */
};

/* account_require() reads these; name them in the endpoint's `reads` or `writes`. */
#define ACCOUNT_TABLES "users sessions totp recovery_codes passkeys"

/*
 * Refuses, without returning, who is not signed in (401 login_required), or less surely than they or their operator demand
 * while they have a second factor to do so with (403 fresh_login_required), and a POST that is no JSON object (400), or that
 * another site sent, or anything but a page of ours (403): Origin must be there and be the issuer's, Sec-Fetch-Site must
 * not be another site, and the CSRF token must be this session's.
 */
struct account account_require(struct context *c);

/* Refuses with 403 fresh_login_required who last signed in longer ago than fresh_login_seconds. */
void account_require_fresh(struct context *c, const struct account *account);

/* Whether that would let pass: the page asks beforehand. */
bool account_is_fresh(struct context *c, const struct account *account);

/*
 * What the session may do has changed: starts it anew under a new cookie, inside the caller's transaction, for as long as
 * before. The answer's CSRF token is then the new cookie's. Writes sessions.
 */
void account_start_session(struct context *c, struct account *account, const char *amr, const char *acr);

/* A text member of the body, NULL if absent; refuses (400) anything that is no text, not UTF-8, has controls, or is longer than `longest` bytes. */
const char *account_text(struct context *c, const struct account *account, const char *name, size_t longest);
/* The same, and refuses if it is absent. */
const char *account_text_require(struct context *c, const struct account *account, const char *name, size_t longest);
/* A whole number; refuses anything else. */
int64_t account_number_require(struct context *c, const struct account *account, const char *name);

/* Takes the version that the page saw (member "version"), inside a transaction: refuses with 409 conflict if it is another one by now. Writes users. */
void account_change(struct context *c, const struct account *account);

/* 400 {"error":"invalid_field","field":…,"error_description":…}: `message_key` says what to do better. Keeps what was done, as refuse() does. */
enum outcome account_refuse_field(struct context *c, const char *field, const char *text);

/* The same for who would be left with a password alone that is too short for that (users.password_short). */
enum outcome account_refuse_short_password(struct context *c, const char *field);

/* Opens the answer: an object in c->response.body with the member csrf. Close it with json_object_close() and answer with response_json(c, 200). */
struct buffer *account_answer_open(struct context *c, const struct account *account);

/* {"csrf":…}, for a POST that has nothing to tell. */
enum outcome account_answer_done(struct context *c, const struct account *account);

/* Audits inside the caller's transaction, with user, sid, address and request. Writes audit. `detail` may be NULL. */
void account_audit(struct context *c, const struct account *account, const char *event, const char *detail);

#endif
