#include "lib/identity/sign_in.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/seal.h"
#include "lib/crypto/sealed_hash.h"
#include "lib/identity/attempts.h"
#include "lib/identity/device.h"
#include "lib/identity/password.h"
#include "lib/identity/session.h"
#include "lib/protocol/errors.h"
#include "lib/records/audit_store.h"

enum { CLEANUP_ROWS = 4 };

/* What attempts for a name are counted under. People type their password into the field of the name, too: it is not stored readably. */
static const char *account_subject(struct context *c, const char *username)
{
	unsigned char key[SEAL_KEY_BYTES], mac[SHA256_BYTES];
	const char *error;
	if (!seal_key_load(c->arena, config_file(c->arena, c->config, "keys/credentials.key"), key, &error))
		fail(c, "password check: %s", error);
	const char *text = arena_format(c->arena, "login.account:%s", username);
	hmac_sha256(key, sizeof key, text, strlen(text), mac);
	return base64url_encode(c->arena, mac, sizeof mac);
}

void sign_in_forget_attempts(struct context *c, const struct user *user)
{
	attempt_forget(c, "login:account", account_subject(c, user->username));
}

/* Counted before the check, so that 32 guesses at once do not all see a count of zero. */
static bool count_attempt(struct context *c, const char *username)
{
	const char *subject = account_subject(c, username);
	database_begin(c->database, DATABASE_RELAXED);
	bool address = attempt_count(c, "login:address", attempt_network(c), c->config->login_limit_address, c->config->login_limit_seconds);
	bool account = address && attempt_count(c, "login:account", subject, c->config->login_limit_account, c->config->login_limit_seconds);
	limit_remove_expired(c->database, c->now, CLEANUP_ROWS);
	database_commit(c->database);
	return address && account;
}

static enum sign_in_result record_failure(struct context *c, const char *event, const struct user *user, enum sign_in_result result)
{
	database_begin(c->database, DATABASE_RELAXED);
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = event, .user_id = user ? user->user_id : NULL,
		.address = c->request.address, .request_id = c->request_id });
	database_commit(c->database);
	return result;
}

enum sign_in_result sign_in_check(struct context *c, const char *username, const char *password, struct sign_in *result)
{
	bool outdated = false;
	const char *error;
	char *sealed;

	username = text_lowercase(c->arena, username);
	password = password_normalise(c->arena, password);
	if (!count_attempt(c, username))
		return record_failure(c, AUDIT_LOGIN_LIMITED, NULL, SIGN_IN_LIMITED);
	const struct user *user = user_find_by_username(c->database, username);
	const char *purpose = password_purpose(c->arena, user ? user->user_id : "");
	switch (sealed_hash_check(c->arena, c->config, purpose, user ? user->password : NULL, password, &outdated, &error)) {
	case SEALED_HASH_BUSY:
		return SIGN_IN_BUSY;
	case SEALED_HASH_BROKEN:
		fail(c, "password check: %s", error);
	case SEALED_HASH_DIFFERS:
		return record_failure(c, AUDIT_LOGIN_FAILURE, user, SIGN_IN_WRONG);
	case SEALED_HASH_MATCHES:
		break;
	}
	if (user->disabled_at)
		return record_failure(c, AUDIT_LOGIN_FAILURE, user, SIGN_IN_WRONG);
	*result = (struct sign_in){ .user = user };
	if (outdated && sealed_hash_make(c->arena, c->config, purpose, password, &sealed, &error) == SEALED_HASH_MATCHES)
		result->new_password = sealed;
	return SIGN_IN_RIGHT;
}

void sign_in_record(struct context *c, const struct sign_in *result)
{
	const struct user *user = result->user;
	sign_in_forget_attempts(c, user);
	attempt_take_back(c, "login:address", attempt_network(c));
	if (result->new_password)
		user_seal_password_anew(c->database, user->user_id, user->password, result->new_password);
}

void sign_in_complete(struct context *c, const struct flow *flow, const char *user_id, const char *amr, const char *acr, bool stay)
{
	const char *sid = session_start(c, user_id, amr, acr, stay).sid;
	flow_set_selected(c->database, flow->flow_id, user_id);
	if (flow->first_user_id) /* one password is good for one sign-in */
		flow_set_first(c->database, flow->flow_id, NULL, c->now, false);
	if (!flow->client_id)
		flow_remove(c->database, flow->flow_id);
	device_note(c, user_id, sid);
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = AUDIT_LOGIN_SUCCESS, .user_id = user_id,
		.client_id = flow->client_id, .sid = sid, .address = c->request.address, .request_id = c->request_id, .detail = amr });
}
