#include "lib/identity/session.h"

#include "lib/base/text.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/http/cookies.h"
#include "lib/records/grant_store.h"

enum { REPLACED_SECONDS = 60 };

const struct session *session_current(struct context *c)
{
	const char *cookie = cookie_find(c, "session");
	return cookie ? session_find(c->database, sha256_of(c->arena, cookie), c->now) : NULL;
}

struct started_session session_start(struct context *c, const char *user_id, const char *amr, const char *acr, bool stay)
{
	const struct session *old = session_current(c);
	bool again = old && text_equal(old->user_id, user_id);
	int64_t life = stay ? c->config->session_stay_seconds : c->config->session_seconds;
	const char *cookie = random_token(c->arena);
	struct session session = {
		.session_hash = sha256_of(c->arena, cookie),
		.sid = again ? old->sid : random_alphanumeric(c->arena, 22),
		.user_id = user_id,
		.created_at = again ? old->created_at : c->now,
		.auth_time = c->now,
		.amr = amr,
		.acr = acr,
		.last_seen_at = c->now,
		.idle_seconds = stay ? life : c->config->session_idle_seconds,
		.expires_at = c->now + life,
		.address = c->request.address,
		.user_agent = c->request.user_agent,
	};
	if (again)
		session_expire_at(c->database, old->session_hash, c->now + REPLACED_SECONDS);
	else if (old)
		session_end(c->database, old->user_id, old->sid);
	session_insert(c->database, &session);
	session_remove_expired(c->database, c->now, 4);
	cookie_set(c, "session", cookie, stay ? life : 0);
	return (struct started_session){ session.sid, cookie };
}

struct started_session session_renew(struct context *c, const struct session *session)
{
	const char *cookie = random_token(c->arena);
	struct session renewed = *session;
	renewed.session_hash = sha256_of(c->arena, cookie);
	session_expire_at(c->database, session->session_hash, c->now);
	session_insert(c->database, &renewed);
	bool stay = session->idle_seconds == c->config->session_stay_seconds;
	cookie_set(c, "session", cookie, stay ? session->expires_at - c->now : 0);
	return (struct started_session){ session->sid, cookie };
}

void session_finish(struct context *c, const struct session *session)
{
	grant_revoke_session(c->database, session->sid, session->user_id, c->now);
	session_end(c->database, session->user_id, session->sid);
	cookie_clear(c, "session");
}
