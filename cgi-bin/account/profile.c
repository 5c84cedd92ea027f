/*
 * Account: the claims about a user, and editing those of OpenID Connect Core 5.1 that are the user's own affair.
 * Changes: claims, the account's version, audit.
 */
#include <string.h>

#include "lib/base/json_write.h"
#include "lib/base/utf8.h"
#include "lib/endpoint/endpoint.h"
#include "lib/http/messages.h"
#include "lib/identity/account.h"
#include "lib/records/audit_store.h"
#include "lib/records/email_change_store.h"

enum { TEXT_LONGEST = 256, URL_LONGEST = 2048, PHONE_LEAST = 5, PHONE_MOST = 15 };

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define ADDRESS_MEMBERS "formatted street_address locality region postal_code country"

static bool is_short(const char *text)
{
	return utf8_count(text) <= TEXT_LONGEST;
}

static bool is_line(const char *text)
{
	return is_short(text) && is_text(text);
}

/* Applications put these into pages: no javascript:, no data:, no password inside. */
static bool is_web_url(const char *text)
{
	size_t scheme = text_starts_with(text, "https://") ? 8 : text_starts_with(text, "http://") ? 7 : 0;
	size_t host = strcspn(text + scheme, "/?#");
	return scheme && strlen(text) <= URL_LONGEST && is_uri(text) && host > 0 && text[scheme] != ':'
		&& !memchr(text + scheme, '@', host);
}

/* YYYY-MM-DD, 0000-MM-DD where the year is nobody's business, or YYYY. */
static bool is_birthdate(const char *text)
{
	static const char days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	size_t length = strlen(text);
	for (size_t i = 0; i < length; i++)
		if ((i == 4 || i == 7) ? text[i] != '-' : !strchr(DIGITS, text[i]))
			return false;
	if (length == 4)
		return !text_equal(text, "0000");
	if (length != 10)
		return false;
	int year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';
	int month = (text[5] - '0') * 10 + text[6] - '0', day = (text[8] - '0') * 10 + text[9] - '0';
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] && (month != 2 || day < 29 || leap);
}

/* As in "Europe/Vienna", "Etc/GMT+1". */
static bool is_zone(const char *text)
{
	size_t length = strlen(text);
	return length <= 64 && strspn(text, LETTERS) > 0 && strspn(text, LETTERS DIGITS "_+-/") == length
		&& text[length - 1] != '/' && !strstr(text, "//");
}

/* The shape of RFC 5646: "de-AT", "zh-Hant-TW"; Core 5.1 allows the underscore. */
static bool is_locale(const char *text)
{
	size_t part = strspn(text, LETTERS);
	if (part < 2 || part > 8 || strlen(text) > 35)
		return false;
	for (text += part; *text; text += part) {
		if (!strchr("-_", *text++))
			return false;
		part = strspn(text, LETTERS DIGITS);
		if (part < 1 || part > 8)
			return false;
	}
	return true;
}

/* E.164, with what people put between the digits. */
static bool is_phone(const char *text)
{
	int digits = 0;
	if (*text != '+' || strlen(text) > 40)
		return false;
	for (text++; *text; text++) {
		if (strchr(DIGITS, *text))
			digits++;
		else if (!strchr(" -.()", *text))
			return false;
	}
	return digits >= PHONE_LEAST && digits <= PHONE_MOST;
}

static const struct editable {
	const char *name;
	bool (*valid)(const char *text); /* NULL: the address, an object */
	const char *problem;             /* key of a message */
} editables[] = {
	{ "name", is_line, "claim_too_long" },
	{ "given_name", is_line, "claim_too_long" },
	{ "family_name", is_line, "claim_too_long" },
	{ "middle_name", is_line, "claim_too_long" },
	{ "nickname", is_line, "claim_too_long" },
	{ "profile", is_web_url, "claim_bad_url" },
	{ "picture", is_web_url, "claim_bad_url" },
	{ "website", is_web_url, "claim_bad_url" },
	{ "gender", is_line, "claim_too_long" },
	{ "birthdate", is_birthdate, "claim_bad_birthdate" },
	{ "zoneinfo", is_zone, "claim_bad_zoneinfo" },
	{ "locale", is_locale, "claim_bad_locale" },
	{ "phone_number", is_phone, "claim_bad_phone" },
	{ "address", NULL, "claim_bad_address" },
};
enum { EDITABLES = sizeof editables / sizeof *editables };

static const struct editable *editable_find(const char *name)
{
	for (size_t i = 0; i < EDITABLES; i++)
		if (text_equal(editables[i].name, name))
			return &editables[i];
	return NULL;
}

static enum outcome show(struct context *c, const struct account *account)
{
	struct claims claims = user_claims(c->database, account->user->user_id);
	struct buffer *out = account_answer_open(c, account);
	json_number(out, "version", account->user->version);
	json_text(out, "username", account->user->username);
	json_object_open(out, "claims");
	for (int i = 0; i < claims.count; i++)
		json_raw(out, claims.items[i].name, claims.items[i].json);
	json_object_close(out);
	json_array_open(out, "editable");
	for (size_t i = 0; i < EDITABLES; i++)
		json_text(out, NULL, editables[i].name);
	json_array_close(out);
	json_text(out, "pending_email", email_change_find(c->database, account->user->user_id));
	json_object_close(out);
	return response_json(c, 200);
}

/* The object of Core 5.1.1 without empty members: false if it is none; *json is NULL if nothing is left. */
static bool address_json(struct context *c, const struct cJSON *value, const char **json)
{
	struct buffer out = buffer_create(c->arena, 256);
	bool any = false;

	if (!json_is_object(value))
		return false;
	json_object_open(&out, NULL);
	for (const struct cJSON *item = json_next(value, NULL); item; item = json_next(value, item)) {
		const char *text = json_is_null(item) ? "" : json_string(item);
		if (!words_contain(ADDRESS_MEMBERS, json_name(item)) || !text || !is_multiline(text) || !is_short(text))
			return false;
		if (*text)
			json_text(&out, json_name(item), text);
		any = any || *text;
	}
	json_object_close(&out);
	*json = any ? out.data : NULL;
	return true;
}

/* What is to be stored, NULL to remove it; false if the value will not do. */
static bool claim_json(struct context *c, const struct editable *editable, const struct cJSON *value, const char **json)
{
	const char *text = json_string(value);

	*json = NULL;
	if (json_is_null(value) || text_equal(text, ""))
		return true;
	if (!editable->valid)
		return address_json(c, value, json);
	if (!text || !editable->valid(text))
		return false;
	*json = json_print(c->arena, value);
	return true;
}

struct change {
	const char *name, *json;
};

/* Sets what differs; gives the names, as words. */
static const char *store(struct context *c, const char *user_id, const struct change *changes, int count)
{
	struct claims before = user_claims(c->database, user_id);
	const char *changed = "";

	for (int i = 0; i < count; i++) {
		if (text_equal(claims_find(&before, changes[i].name), changes[i].json))
			continue;
		user_set_claim(c->database, user_id, changes[i].name, changes[i].json);
		changed = words_union(c->arena, changed, changes[i].name);
	}
	/* Who proved one number proved no other. */
	if (words_contain(changed, "phone_number")) {
		struct claims now = user_claims(c->database, user_id);
		user_set_claim(c->database, user_id, "phone_number_verified", claims_find(&now, "phone_number") ? "false" : NULL);
	}
	if (*changed)
		user_set_claim(c->database, user_id, "updated_at", arena_format(c->arena, "%lld", (long long)c->now));
	return changed;
}

static enum outcome change(struct context *c, const struct account *account)
{
	const struct cJSON *claims = json_member(account->body, "claims");
	struct change changes[EDITABLES];
	int count = 0;

	account_number_require(c, account, "version");
	if (!json_is_object(claims))
		return refuse_because(c, INVALID_JSON, "RFC 8259 4", "The member claims must be an object.");
	for (const struct cJSON *item = json_next(claims, NULL); item; item = json_next(claims, item), count++) {
		const struct editable *editable = editable_find(json_name(item));
		if (!editable)
			return account_refuse_field(c, json_name(item), message("claim_not_editable"));
		if (!claim_json(c, editable, item, &changes[count].json))
			return account_refuse_field(c, editable->name, message(editable->problem));
		changes[count].name = editable->name;
	}

	database_begin(c->database, DATABASE_DURABLE);
	account_change(c, account);
	const char *changed = store(c, account->user->user_id, changes, count);
	if (*changed)
		account_audit(c, account, AUDIT_PROFILE_CHANGED, changed);
	database_commit(c->database);

	struct buffer *out = account_answer_open(c, account);
	json_number(out, "version", account->user->version + 1);
	json_object_close(out);
	return response_json(c, 200);
}

static enum outcome handle(struct context *c)
{
	struct account account = account_require(c);
	return c->request.method == METHOD_POST ? change(c, &account) : show(c, &account);
}

const struct endpoint endpoint = {
	.name = "account/profile",
	.purpose = "shows the claims about a user, and lets them edit their own",
	.specification = "OpenID Connect Core 5.1, 5.1.1",
	.methods = METHOD_GET | METHOD_POST,
	.answers = ANSWERS_JSON,
	.json = true,
	.reads = ACCOUNT_TABLES " email_changes",
	.writes = "users user_claims audit",
	.handle = handle,
};
