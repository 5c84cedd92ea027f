#include "lib/identity/activity_text.h"

#include "lib/base/buffer.h"
#include "lib/base/text.h"
#include "lib/http/messages.h"
#include "lib/records/audit_store.h"

/* What applications do among themselves (tokens.…) is left out: it would bury what the user did. */
static const struct {
	const char *event, *key;
} sentences[] = {
	{ AUDIT_LOGIN_SUCCESS, "activity_login" },
	{ AUDIT_LOGIN_FAILURE, "activity_login_failure" },
	{ AUDIT_LOGIN_LIMITED, "activity_login_limited" },
	{ AUDIT_SIGNUP, "activity_signup" },
	{ AUDIT_USER_ADDED, "activity_user_added" },
	{ AUDIT_USER_DISABLED, "activity_user_disabled" },
	{ AUDIT_USER_ENABLED, "activity_user_enabled" },
	{ AUDIT_PASSWORD_CHANGED, "activity_password_changed" },
	{ AUDIT_LOGOUT, "activity_logout" },
	{ AUDIT_SESSION_ENDED, "activity_session_ended" },
	{ AUDIT_SESSIONS_ENDED, "activity_sessions_ended" },
	{ AUDIT_ALL_SESSIONS_ENDED, "activity_all_sessions_ended" },
	{ AUDIT_SESSION_REPORTED, "activity_session_reported" },
	{ AUDIT_EMAIL_CHANGED, "activity_email_changed" },
	{ AUDIT_PROFILE_CHANGED, "activity_profile_changed" },
	{ AUDIT_EMAIL_REQUESTED, "activity_email_requested" },
	{ AUDIT_EMAIL_CANCELLED, "activity_email_cancelled" },
	{ AUDIT_DELETION_REQUESTED, "activity_deletion_requested" },
	{ AUDIT_DELETION_CANCELLED, "activity_deletion_cancelled" },
	{ AUDIT_FACTOR_ADDED, "activity_factor_added" },
	{ AUDIT_FACTOR_REMOVED, "activity_factor_removed" },
	{ AUDIT_FACTORS_RESET, "activity_factors_reset" },
	{ AUDIT_SECOND_FACTOR_SUCCESS, "activity_second_factor" },
	{ AUDIT_SECOND_FACTOR_FAILURE, "activity_second_factor_failure" },
	{ AUDIT_SECOND_FACTOR_LIMITED, "activity_second_factor_limited" },
	{ AUDIT_SECOND_FACTOR_REQUIRED, "activity_second_factor_required" },
	{ AUDIT_SECOND_FACTOR_OPTIONAL, "activity_second_factor_optional" },
	{ AUDIT_PASSKEY_CLONED, "activity_passkey_cloned" },
	{ AUDIT_CONSENT_GRANTED, "activity_consent_granted" },
	{ AUDIT_CONSENT_DENIED, "activity_consent_denied" },
	{ AUDIT_CONSENT_REVOKED, "activity_consent_revoked" },
	{ AUDIT_CODE_ISSUED, "activity_code_issued" },
	{ AUDIT_CODE_REPLAYED, "activity_code_replayed" },
	{ AUDIT_REFRESH_REUSED, "activity_refresh_reused" },
};
enum { SENTENCES = sizeof sentences / sizeof *sentences };

const char *activity_events(struct arena *arena)
{
	struct buffer words = buffer_create(arena, 512);
	for (int i = 0; i < SENTENCES; i++)
		buffer_format(&words, i ? " %s" : "%s", sentences[i].event);
	return words.data;
}

const char *activity_text(const char *event)
{
	for (int i = 0; i < SENTENCES; i++)
		if (text_equal(sentences[i].event, event))
			return message(sentences[i].key);
	return NULL;
}
