/*
 * The user's passkeys: list, register (WebAuthn 7.1), rename, remove. The contract is in docs/account.md.
 * Changes: passkeys, the number of challenges used up, the audit log, the outbox.
 */
#include <string.h>

#include "lib/base/json_write.h"
#include "lib/base/log.h"
#include "lib/crypto/base64.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/messages.h"
#include "lib/identity/account.h"
#include "lib/identity/notice.h"
#include "lib/identity/passkey.h"
#include "lib/identity/second_factor.h"
#include "lib/records/audit_store.h"
#include "lib/records/passkey_store.h"

enum { PASSKEYS_MOST = 50, NAME_CHARACTERS = 64, TRANSPORTS_MOST = 8, TIMEOUT_MS = 300000, ID_TEXT_LONGEST = 1364 };

static char *encode_id(struct context *c, const struct passkey *passkey)
{
	return base64url_encode(c->arena, passkey->credential_id, passkey->credential_id_length);
}

static void write_passkey(struct context *c, const char *name, const struct passkey *passkey)
{
	struct buffer *out = &c->response.body;
	json_object_open(out, name);
	json_text(out, "id", encode_id(c, passkey));
	json_text(out, "name", passkey->name);
	json_number(out, "created_at", passkey->created_at);
	if (passkey->last_used_at)
		json_number(out, "last_used_at", passkey->last_used_at);
	json_bool(out, "backed_up", passkey->backed_up);
	json_object_close(out);
}

static void list_one(void *context, const struct passkey *passkey)
{
	write_passkey(context, NULL, passkey);
}

static enum outcome list(struct context *c, const struct account *account)
{
	struct buffer *out = account_answer_open(c, account);
	json_array_open(out, "passkeys");
	passkey_list(c->database, account->user->user_id, list_one, c);
	json_array_close(out);
	json_object_close(out);
	return response_json(c, 200);
}

static void exclude_one(void *context, const struct passkey *passkey)
{
	struct context *c = context;
	struct buffer *out = &c->response.body;
	json_object_open(out, NULL);
	json_text(out, "type", "public-key");
	json_text(out, "id", encode_id(c, passkey));
	json_words(out, "transports", passkey->transports);
	json_object_close(out);
}

static void write_algorithms(struct buffer *out)
{
	static const int64_t algorithms[] = { -7, -8, -257 }; /* ES256, EdDSA, RS256 */
	json_array_open(out, "pubKeyCredParams");
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
		json_object_open(out, NULL);
		json_text(out, "type", "public-key");
		json_number(out, "alg", algorithms[i]);
		json_object_close(out);
	}
	json_array_close(out);
}

/* PublicKeyCredentialCreationOptionsJSON (WebAuthn 3 5.1.9). */
static enum outcome begin(struct context *c, const struct account *account, const struct webauthn_site *site)
{
	const struct user *user = account->user;
	/* Before the device makes a key that nobody would take; enroll decides. */
	if (passkey_count(c->database, user->user_id) >= PASSKEYS_MOST)
		return account_refuse_field(c, "action", message("passkey_too_many"));
	struct buffer *out = account_answer_open(c, account);
	json_object_open(out, "options");
	json_object_open(out, "rp");
	json_text(out, "id", site->rp_id);
	json_text(out, "name", c->config->site_name);
	json_object_close(out);
	json_object_open(out, "user");
	json_text(out, "id", base64url_encode(c->arena, user->user_id, strlen(user->user_id)));
	json_text(out, "name", user->username);
	json_text(out, "displayName", user->username);
	json_object_close(out);
	json_text(out, "challenge", site->challenge);
	write_algorithms(out);
	json_number(out, "timeout", TIMEOUT_MS);
	json_array_open(out, "excludeCredentials");
	passkey_list(c->database, user->user_id, exclude_one, c);
	json_array_close(out);
	json_object_open(out, "authenticatorSelection");
	json_text(out, "residentKey", "required");
	json_bool(out, "requireResidentKey", true);
	json_text(out, "userVerification", "required");
	json_object_close(out);
	json_text(out, "attestation", "none");
	json_object_close(out);
	json_object_close(out);
	return response_json(c, 200);
}

/* Names are for the user's eyes alone; NULL if it is empty, blank or too long. */
static const char *name_of(struct context *c, const struct account *account)
{
	const char *name = account_text_require(c, account, "name", 4 * NAME_CHARACTERS);
	size_t characters = 0;
	while (*name == ' ')
		name++;
	for (const char *at = name; *at; at++)
		characters += ((unsigned char)*at & 0xc0) != 0x80;
	return characters >= 1 && characters <= NAME_CHARACTERS ? name : NULL;
}

static bool is_transport(const char *text)
{
	return text && *text && strlen(text) <= 32 && strspn(text, "abcdefghijklmnopqrstuvwxyz-") == strlen(text);
}

/* What the browser tells of it, as words; what looks odd is left out (WebAuthn 2 7.1: a hint, which nobody verifies). */
static const char *transports_of(struct context *c, const struct account *account)
{
	const struct cJSON *array = json_member(account->body, "transports");
	const struct cJSON *one = NULL;
	const char *words = "";
	if (!json_is_array(array))
		return words;
	for (int i = 0; i < TRANSPORTS_MOST && (one = json_next(array, one)); i++)
		if (is_transport(json_string(one)))
			words = words_union(c->arena, words, json_string(one));
	return words;
}

static void tell(struct context *c, const struct account *account, const char *event, const char *kind)
{
	account_audit(c, account, event, "passkey");
	notice_add(c, (struct outbox_row){ .kind = kind, .user_id = account->user->user_id, .detail = "passkey" });
}

static enum outcome enroll(struct context *c, const struct account *account, const struct webauthn_site *site)
{
	const struct user *user = account->user;
	struct webauthn_credential credential;
	const char *name = name_of(c, account);
	const char *client_data = account_text_require(c, account, "client_data", 5462);
	const char *object = account_text_require(c, account, "attestation_object", REQUEST_BODY_LIMIT);
	if (!name)
		return account_refuse_field(c, "name", message("passkey_name_bad"));
	const char *problem = webauthn_check_registration(c->arena, site, client_data, object, &credential);
	if (problem) {
		log_write(LOG_INFO, "passkey refused: %s", problem);
		return account_refuse_field(c, "attestation_object", message("passkey_unusable"));
	}
	const struct passkey passkey = { .credential_id = credential.id, .credential_id_length = credential.id_length,
		.user_id = user->user_id, .name = name, .public_jwk = credential.public_jwk,
		.sign_count = credential.authenticator.sign_count, .backed_up = credential.authenticator.backed_up,
		.transports = transports_of(c, account), .created_at = c->now };

	database_begin(c->database, DATABASE_DURABLE);
	if (!user_use_passkey_challenge(c->database, user->user_id, user->passkey_challenges))
		return account_refuse_field(c, "attestation_object", message("passkey_unusable"));
	if (passkey_count(c->database, user->user_id) >= PASSKEYS_MOST)
		return account_refuse_field(c, "attestation_object", message("passkey_too_many"));
	if (!passkey_insert(c->database, &passkey)) /* WebAuthn 2 7.1 (22) */
		return account_refuse_field(c, "attestation_object", message("passkey_registered"));
	tell(c, account, AUDIT_FACTOR_ADDED, OUTBOX_FACTOR_ADDED);
	database_commit(c->database);

	struct buffer *out = account_answer_open(c, account);
	write_passkey(c, "passkey", &passkey);
	json_object_close(out);
	return response_json(c, 200);
}

static const unsigned char *id_require(struct context *c, const struct account *account, size_t *length)
{
	const char *text = account_text_require(c, account, "id", ID_TEXT_LONGEST);
	const unsigned char *id = base64url_decode(c->arena, text, strlen(text), length);
	if (!id)
		refuse_and_leave(c, NO_SUCH_ITEM, "RFC 9110 15.5.5");
	return id;
}

static enum outcome rename_one(struct context *c, const struct account *account)
{
	size_t length;
	const unsigned char *id = id_require(c, account, &length);
	const char *name = name_of(c, account);
	if (!name)
		return account_refuse_field(c, "name", message("passkey_name_bad"));
	database_begin(c->database, DATABASE_DURABLE);
	if (!passkey_rename(c->database, account->user->user_id, id, length, name))
		return refuse(c, NO_SUCH_ITEM, "RFC 9110 15.5.5");
	database_commit(c->database);
	return account_answer_done(c, account);
}

/* Whoever must have a second factor would be locked out without any. Inside the transaction, so that two tabs never take away the last two. */
static bool is_needed(struct context *c, const struct account *account)
{
	const struct second_factor has = second_factor_of(c, account->user->user_id);
	const struct user *user = user_find(c->database, account->user->user_id);
	return !has.totp && has.passkeys <= 1 && (c->config->second_factor_required || (user && user->second_factor_required));
}

/* Inside the transaction, too. */
static bool leaves_short_password(struct context *c, const struct account *account)
{
	const struct second_factor has = second_factor_of(c, account->user->user_id);
	const struct user *user = user_find(c->database, account->user->user_id);
	return !has.totp && has.passkeys <= 1 && user && user->password_short;
}

static enum outcome remove_one(struct context *c, const struct account *account)
{
	size_t length;
	const unsigned char *id = id_require(c, account, &length);
	database_begin(c->database, DATABASE_DURABLE);
	const struct passkey *passkey = passkey_find(c->database, id, length);
	if (!passkey || !text_equal(passkey->user_id, account->user->user_id))
		return refuse(c, NO_SUCH_ITEM, "RFC 9110 15.5.5");
	if (is_needed(c, account))
		return account_refuse_field(c, "id", message("passkey_last"));
	if (leaves_short_password(c, account))
		return account_refuse_short_password(c, "id");
	passkey_remove(c->database, account->user->user_id, id, length);
	tell(c, account, AUDIT_FACTOR_REMOVED, OUTBOX_FACTOR_REMOVED);
	database_commit(c->database);
	return account_answer_done(c, account);
}

static enum outcome handle(struct context *c)
{
	const struct account account = account_require(c);
	if (c->request.method != METHOD_POST)
		return list(c, &account);
	account_require_fresh(c, &account);
	const char *action = account_text_require(c, &account, "action", 16);
	const struct webauthn_site *site = passkey_site_of_session(c, account.user);
	if (text_equal(action, "rename"))
		return rename_one(c, &account);
	if (text_equal(action, "remove"))
		return remove_one(c, &account);
	if (!text_equal(action, "begin") && !text_equal(action, "register"))
		return refuse_because(c, INVALID_JSON, "RFC 8259 4", "The action is unknown.");
	if (!site)
		return refuse_because(c, NOT_FOUND, "WebAuthn 2 4", "The issuer has no host name that browsers know passkeys for.");
	return text_equal(action, "begin") ? begin(c, &account, site) : enroll(c, &account, site);
}

const struct endpoint endpoint = {
	.name = "account/passkeys",
	.purpose = "lists, adds, renames and removes the passkeys of who is signed in",
	.specification = "WebAuthn 2 7.1; WebAuthn 3 5.1.9",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_JSON,
	.json = true,
	.parameters = NULL,
	.reads = ACCOUNT_TABLES,
	.writes = "passkeys users audit outbox",
	.keys = NULL,
	.handle = handle,
};
