/* From a row of the outbox to what a mail says. */
#include <string.h>
#include <time.h>

#include "commands/deliver/deliver.h"
#include "lib/base/email_address.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/crypto/digest.h"
#include "lib/http/user_agent.h"
#include "lib/records/client_store.h"
#include "lib/records/email_change_store.h"
#include "lib/records/invitation_store.h"
#include "lib/records/link_store.h"
#include "lib/records/session_store.h"
#include "lib/records/user_store.h"

enum { NOT_ME_SECONDS = 7 * 86400, ACCOUNTS_MOST = 5 }; /* that share an address, and are looked at */

#define TEMPLATE(name) \
	extern const char mail_##name##_txt[], mail_##name##_html[];
TEMPLATE(reset_password)
TEMPLATE(verify_email)
TEMPLATE(signup)
TEMPLATE(account_exists)
TEMPLATE(new_device)
TEMPLATE(password_changed)
TEMPLATE(factor_added)
TEMPLATE(factor_removed)
TEMPLATE(passkey_cloned)
TEMPLATE(email_changed)
TEMPLATE(deletion)
TEMPLATE(refresh_reuse)

struct preparing {
	struct letter *letter;
	const struct config *config;
	struct database *db;
	struct arena *arena;
	const struct outbox_row *row;
	const struct user *user;
	const char *email;    /* the claim; NULL: none */
	bool email_verified;
	const char *token;
	int64_t now;
};

static void put(struct preparing *p, const char *name, const char *text)
{
	struct letter *letter = p->letter;

	if (letter->count == LETTER_VALUES)
		return;
	letter->values[letter->count].name = name;
	letter->values[letter->count++].text = text && utf8_valid(text, strlen(text)) && !utf8_has_controls(text) ? text : "?";
}

static const char *time_in_words(struct arena *arena, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm;
	char text[64];

	gmtime_r(&when, &tm);
	strftime(text, sizeof text, "%e %B %Y, %H:%M UTC", &tm);
	return arena_text(arena, text + (*text == ' '));
}

static const char *duration_in_words(struct arena *arena, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
	size_t i = 0;

	while (seconds % units[i].seconds != 0 || seconds / units[i].seconds < 1)
		i++;
	seconds /= units[i].seconds;
	return arena_format(arena, "%lld %s%s", (long long)seconds, units[i].name, seconds == 1 ? "" : "s");
}

static void put_url(struct preparing *p, const char *endpoint, const char *parameter, int64_t seconds)
{
	put(p, "link", arena_format(p->arena, "%s?%s=%s", config_endpoint_url(p->arena, p->config, endpoint), parameter, p->token));
	put(p, "valid_for", duration_in_words(p->arena, seconds));
}

static void put_link(struct preparing *p, const char *kind, const char *endpoint, const char *detail, int64_t seconds)
{
	struct link link = { .link_hash = sha256_of(p->arena, p->token), .kind = kind, .user_id = p->user->user_id,
		.detail = detail, .created_at = p->now, .expires_at = p->now + seconds };

	/* Several sign-ins from new devices can each be answered; of the other kinds the newest link alone counts. */
	if (!text_equal(kind, LINK_NOT_ME))
		link_remove_of_user(p->db, p->user->user_id, kind);
	link_insert(p->db, &link);
	put_url(p, endpoint, "token", seconds);
}

static const char *reset_password(struct preparing *p)
{
	/* An address that nobody proved would give the account to whoever has it. */
	if (!p->email_verified)
		return "the user has no proven address";
	if (p->user->disabled_at)
		return "the user is disabled";
	put_link(p, LINK_RESET_PASSWORD, "reset", NULL, p->config->reset_seconds);
	return NULL;
}

static const char *verify_email(struct preparing *p)
{
	const char *pending = email_change_find(p->db, p->user->user_id);

	if (!pending)
		return "no address waits to be proven";
	if (p->user->disabled_at)
		return "the user is disabled";
	p->letter->to = pending;
	if (email_address_is_plain(pending))
		put_link(p, LINK_VERIFY_EMAIL, "verify_email", pending, p->config->verify_email_seconds);
	return NULL;
}

static void note_account(void *context, const struct user *user)
{
	struct preparing *p = context;

	if (!p->user || p->user->disabled_at)
		p->user = user;
}

/* Whether there is an account is looked up here, not by the page: its answer and its time tell nothing, the mailbox does. */
static const char *signup(struct preparing *p)
{
	struct invitation invitation = { .invitation_hash = sha256_of(p->arena, p->token), .email = p->row->detail, .requested = true,
		.created_at = p->now, .expires_at = p->now + p->config->verify_email_seconds };
	struct buffer json = buffer_create(p->arena, 64);

	p->letter->to = invitation.email;
	if (p->config->signup != SIGNUP_ON)
		return "nobody may sign up any more";
	if (!email_address_is_plain(invitation.email))
		return "the address cannot be used";
	json_text(&json, NULL, invitation.email);
	user_list_by_email(p->db, json.data, ACCOUNTS_MOST, note_account, p);
	if (p->user && p->user->disabled_at)
		return "the user is disabled";
	if (p->user) {
		static const struct mail_template known = { mail_account_exists_txt, mail_account_exists_html };
		p->letter->kind = "account_exists";
		p->letter->template = &known;
		put(p, "login_url", config_endpoint_url(p->arena, p->config, "login"));
		put(p, "reset_url", config_endpoint_url(p->arena, p->config, "reset"));
		return NULL;
	}
	invitation_remove_requested(p->db, invitation.email); /* the newest alone counts */
	invitation_insert(p->db, &invitation);
	put_url(p, "signup", "invitation", p->config->verify_email_seconds);
	return NULL;
}

static const char *new_device(struct preparing *p)
{
	const struct session *session = p->row->sid ? session_find_by_sid(p->db, p->user->user_id, p->row->sid) : NULL;

	if (!session)
		return "the session is over";
	put(p, "device", user_agent_text(p->arena, session->user_agent));
	put(p, "address", text_empty(session->address) ? "unknown" : session->address);
	put(p, "time", time_in_words(p->arena, session->auth_time));
	put_link(p, LINK_NOT_ME, "not_me", p->row->sid, NOT_ME_SECONDS);
	return NULL;
}

static const char *plain(struct preparing *p)
{
	put(p, "time", time_in_words(p->arena, p->row->created_at));
	return NULL;
}

static const char *factor(struct preparing *p)
{
	static const char *const words[][2] = { { "totp", "An authenticator app" }, { "passkey", "A passkey" },
		{ "recovery_codes", "A set of recovery codes" } };
	const char *name = "A second factor";

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (text_equal(words[i][0], p->row->detail))
			name = words[i][1];
	put(p, "factor", name);
	return plain(p);
}

static const char *email_changed(struct preparing *p)
{
	p->letter->to = p->row->detail;
	return plain(p);
}

static const char *deletion(struct preparing *p)
{
	if (!p->user->deletion_at)
		return "it was taken back";
	put(p, "deletion_time", time_in_words(p->arena, p->user->deletion_at));
	return plain(p);
}

static const char *refresh_reuse(struct preparing *p)
{
	const struct client *client = p->row->client_id ? client_find(p->db, p->row->client_id) : NULL;

	put(p, "application", client ? client->client_name : "An application");
	return plain(p);
}

#define KIND(kind, name, prepare) { kind, { mail_##name##_txt, mail_##name##_html }, prepare }

static const struct {
	const char *kind;
	struct mail_template template;
	const char *(*prepare)(struct preparing *p); /* NULL, or why there is nothing to send */
} kinds[] = {
	KIND(OUTBOX_RESET_PASSWORD, reset_password, reset_password),
	KIND(OUTBOX_VERIFY_EMAIL, verify_email, verify_email),
	KIND(OUTBOX_SIGNUP, signup, signup),
	KIND(OUTBOX_NEW_DEVICE, new_device, new_device),
	KIND(OUTBOX_PASSWORD_CHANGED, password_changed, plain),
	KIND(OUTBOX_FACTOR_ADDED, factor_added, factor),
	KIND(OUTBOX_FACTOR_REMOVED, factor_removed, factor),
	KIND(OUTBOX_PASSKEY_CLONED, passkey_cloned, plain),
	KIND(OUTBOX_EMAIL_CHANGED, email_changed, email_changed),
	KIND(OUTBOX_DELETION, deletion, deletion),
	KIND(OUTBOX_ALERT_REFRESH_REUSE, refresh_reuse, refresh_reuse),
};

enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

static void read_email(struct preparing *p)
{
	struct claims claims = user_claims(p->db, p->user->user_id);

	p->email = claims_text(p->arena, &claims, "email");
	p->email_verified = p->email && text_equal(claims_find(&claims, "email_verified"), "true");
}

bool letter_prepare(struct letter *letter, const struct config *config, struct database *db,
	const struct outbox_row *row, const char *token, int64_t now, const char **why)
{
	struct preparing p = { .letter = letter, .config = config, .db = db, .arena = database_arena(db), .row = row,
		.token = token, .now = now };
	const char *dot = strchr(row->kind, '.');
	size_t kind = 0;

	*letter = (struct letter){ .kind = dot ? dot + 1 : row->kind };
	while (kind < KIND_COUNT && !text_equal(kinds[kind].kind, row->kind))
		kind++;
	*why = "the kind is unknown";
	if (kind == KIND_COUNT)
		return false;
	p.user = row->user_id ? user_find(db, row->user_id) : NULL;
	*why = "the user is gone";
	if (!p.user && !text_equal(row->kind, OUTBOX_SIGNUP))
		return false;
	if (p.user)
		read_email(&p);
	letter->to = p.email;
	letter->template = &kinds[kind].template;
	put(&p, "site_name", config->site_name);
	put(&p, "issuer", config->issuer);
	put(&p, "account_url", config_static_url(p.arena, config, "account/"));
	*why = kinds[kind].prepare(&p);
	/* Not the name of the user's own choice: who signs up with another's address must not write to it. */
	put(&p, "username", p.user ? p.user->username : "");
	put(&p, "greeting", p.user ? arena_format(p.arena, "Hello %s,", p.user->username) : "Hello,");
	if (!*why && !email_address_is_plain(letter->to))
		*why = letter->to ? "the address cannot be used" : "the user has no address";
	return !*why;
}
