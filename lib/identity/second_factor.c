#include "lib/identity/second_factor.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/crypto/seal.h"
#include "lib/crypto/totp.h"
#include "lib/identity/attempts.h"
#include "lib/protocol/errors.h"
#include "lib/records/audit_store.h"
#include "lib/records/passkey_store.h"
#include "lib/records/recovery_code_store.h"
#include "lib/records/totp_store.h"

enum { CLEANUP_ROWS = 4 };
enum { CODE_CHARACTERS = 20, GROUP = 5 }; /* of 5 bits each: 100 */

/* 32 characters of which no two look alike: without i, l, o, u. */
static const char code_alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

struct second_factor second_factor_of(struct context *c, const char *user_id)
{
	const struct totp_row *totp = totp_row_find(c->database, user_id);
	return (struct second_factor){
		.totp = totp && totp->confirmed_at,
		.recovery_codes = recovery_code_left(c->database, user_id, NULL),
		.passkeys = passkey_count(c->database, user_id),
	};
}

bool second_factor_is_needed(struct context *c, const struct user *user, const struct second_factor *has)
{
	return has->totp || user->second_factor_required || c->config->second_factor_required;
}

bool second_factor_guards(struct context *c, const struct user *user, const struct second_factor *has)
{
	return has->totp || (has->passkeys > 0 && second_factor_is_needed(c, user, has));
}

/* ---- what lies under keys/credentials.key */

static void load_key(struct context *c, unsigned char *key)
{
	const char *error;
	if (!seal_key_load(c->arena, config_file(c->arena, c->config, "keys/credentials.key"), key, &error))
		fail(c, "second factor: %s", error);
}

static const char *seed_purpose(struct context *c, const struct user *user)
{
	return arena_format(c->arena, "totp.seed:%s", user->user_id);
}

static const char *open_seed(struct context *c, const struct user *user, const struct totp_row *totp)
{
	unsigned char key[SEAL_KEY_BYTES];
	load_key(c, key);
	const char *seed = unseal(c->arena, key, seed_purpose(c, user), totp->seed);
	explicit_bzero(key, sizeof key);
	if (!seed)
		fail(c, "the seed of user %s was not sealed under keys/credentials.key", user->user_id);
	return seed;
}

/* A key of its own: what seals and what hashes never share one. */
static void load_code_key(struct context *c, unsigned char *code_key)
{
	static const char purpose[] = "recovery_codes.code_hash";
	unsigned char key[SEAL_KEY_BYTES];
	load_key(c, key);
	hmac_sha256(key, sizeof key, purpose, sizeof purpose - 1, code_key);
	explicit_bzero(key, sizeof key);
}

static unsigned char *hash_code(struct context *c, const unsigned char *code_key, const char *user_id, const char *code)
{
	unsigned char *hash = arena_alloc(c->arena, SHA256_BYTES);
	const char *text = arena_format(c->arena, "%s:%s", user_id, code);
	hmac_sha256(code_key, SHA256_BYTES, text, strlen(text), hash);
	return hash;
}

/* ---- checking */

static const char *without_separators(struct context *c, const char *code)
{
	char *text = arena_alloc(c->arena, strlen(code) + 1), *end = text;
	for (; *code; code++)
		if (*code != ' ' && *code != '-')
			*end++ = *code;
	return text;
}

/* As it was made, whatever the user's hand made of it; NULL if it cannot be one. */
static const char *canonical_recovery_code(struct context *c, const char *text)
{
	char *code = text_lowercase(c->arena, text);
	if (strlen(code) != CODE_CHARACTERS)
		return NULL;
	for (char *next = code; *next; next++) {
		if (*next == 'o')
			*next = '0';
		else if (*next == 'i' || *next == 'l')
			*next = '1';
		if (!strchr(code_alphabet, *next))
			return NULL;
	}
	return code;
}

static bool check_app(struct context *c, const struct user *user, const char *code, struct second_factor_proof *proof)
{
	const struct totp_row *totp = totp_row_find(c->database, user->user_id);
	return totp && totp->confirmed_at
		&& totp_matches(c->arena, open_seed(c, user, totp), code, c->now, totp->last_step, &proof->step);
}

static bool check_recovery_code(struct context *c, const struct user *user, const char *text, struct second_factor_proof *proof)
{
	const char *code = canonical_recovery_code(c, text);
	if (!code)
		return false;
	unsigned char key[SHA256_BYTES];
	load_code_key(c, key);
	proof->code_hash = hash_code(c, key, user->user_id, code);
	explicit_bzero(key, sizeof key);
	return recovery_code_is_unused(c->database, user->user_id, proof->code_hash);
}

static void audit(struct context *c, const char *event, const struct user *user, const char *detail)
{
	audit_write(c->database, &(struct audit_event){ .at = c->now, .event = event, .user_id = user->user_id,
		.address = c->request.address, .request_id = c->request_id, .detail = detail });
}

bool second_factor_count(struct context *c, const struct user *user)
{
	database_begin(c->database, DATABASE_RELAXED);
	bool may = attempt_count(c, "second_factor:account", user->user_id, c->config->second_factor_limit, c->config->login_limit_seconds);
	limit_remove_expired(c->database, c->now, CLEANUP_ROWS);
	if (!may)
		audit(c, AUDIT_SECOND_FACTOR_LIMITED, user, NULL);
	database_commit(c->database);
	return may;
}

void second_factor_forget(struct context *c, const struct user *user)
{
	attempt_forget(c, "second_factor:account", user->user_id);
}

enum second_factor_result second_factor_check(struct context *c, const struct user *user, const char *code,
	struct second_factor_proof *proof)
{
	*proof = (struct second_factor_proof){ 0 };
	if (!second_factor_count(c, user))
		return SECOND_FACTOR_LIMITED;
	const char *text = without_separators(c, code);
	bool app = strlen(text) == TOTP_DIGITS;
	if (app ? check_app(c, user, text, proof) : check_recovery_code(c, user, text, proof))
		return SECOND_FACTOR_RIGHT;
	database_begin(c->database, DATABASE_RELAXED);
	audit(c, AUDIT_SECOND_FACTOR_FAILURE, user, app ? "totp" : "recovery_code");
	database_commit(c->database);
	return SECOND_FACTOR_WRONG;
}

bool second_factor_use(struct context *c, const struct user *user, const struct second_factor_proof *proof)
{
	const char *kind = proof->step ? "totp" : "recovery_code";
	bool first = proof->step ? totp_row_use_step(c->database, user->user_id, proof->step)
		: recovery_code_use(c->database, user->user_id, proof->code_hash, c->now);
	if (first)
		second_factor_forget(c, user);
	audit(c, first ? AUDIT_SECOND_FACTOR_SUCCESS : AUDIT_SECOND_FACTOR_FAILURE, user, kind);
	return first;
}

/* ---- setting up */

const char *totp_begin(struct context *c, const struct user *user)
{
	unsigned char key[SEAL_KEY_BYTES];
	const char *seed = totp_seed_make(c->arena);
	load_key(c, key);
	const char *sealed = seal(c->arena, key, seed_purpose(c, user), seed);
	explicit_bzero(key, sizeof key);
	return totp_row_begin(c->database, user->user_id, sealed, c->now) ? seed : NULL;
}

const char *totp_pending(struct context *c, const struct user *user)
{
	const struct totp_row *totp = totp_row_find(c->database, user->user_id);
	return totp && !totp->confirmed_at ? open_seed(c, user, totp) : NULL;
}

/* Percent-encodes all but the unreserved characters (RFC 3986 2.3). */
static const char *encode(struct context *c, const char *text)
{
	struct buffer out = buffer_create(c->arena, strlen(text) * 3 + 1);
	for (; *text; text++) {
		bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') || (*text >= '0' && *text <= '9')
			|| strchr("-._~", *text);
		if (plain)
			buffer_char(&out, *text);
		else
			buffer_format(&out, "%%%02X", (unsigned)(unsigned char)*text);
	}
	return out.data;
}

const char *totp_uri(struct context *c, const struct user *user, const char *seed)
{
	const char *site = encode(c, c->config->site_name);
	return arena_format(c->arena, "otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=%d&period=%d", site,
		encode(c, user->username), seed, site, TOTP_DIGITS, TOTP_STEP_SECONDS);
}

bool totp_confirm(struct context *c, const struct user *user, const char *code)
{
	const struct totp_row *totp = totp_row_find(c->database, user->user_id);
	int64_t step;
	if (!totp || totp->confirmed_at)
		return false;
	return totp_matches(c->arena, open_seed(c, user, totp), without_separators(c, code), c->now, 0, &step)
		&& totp_row_confirm(c->database, user->user_id, totp->seed, step, c->now);
}

/* Groups with a dash between them are easier to write down. */
static const char *grouped(struct context *c, const char *code)
{
	struct buffer out = buffer_create(c->arena, CODE_CHARACTERS + CODE_CHARACTERS / GROUP);
	for (size_t i = 0; i < CODE_CHARACTERS; i += GROUP) {
		if (i > 0)
			buffer_char(&out, '-');
		buffer_bytes(&out, code + i, GROUP);
	}
	return out.data;
}

const char *const *recovery_codes_make(struct context *c, const struct user *user)
{
	const char **codes = arena_alloc(c->arena, RECOVERY_CODES * sizeof *codes);
	unsigned char key[SHA256_BYTES], bytes[CODE_CHARACTERS];
	load_code_key(c, key);
	recovery_code_remove_all(c->database, user->user_id);
	for (int i = 0; i < RECOVERY_CODES; i++) {
		char *code = arena_alloc(c->arena, CODE_CHARACTERS + 1);
		random_bytes(bytes, sizeof bytes);
		for (size_t at = 0; at < CODE_CHARACTERS; at++)
			code[at] = code_alphabet[bytes[at] % 32]; /* 256 is a multiple of 32: no bias */
		recovery_code_insert(c->database, user->user_id, hash_code(c, key, user->user_id, code), c->now);
		codes[i] = grouped(c, code);
	}
	explicit_bzero(key, sizeof key);
	explicit_bzero(bytes, sizeof bytes);
	return codes;
}

bool totp_remove(struct context *c, const struct user *user)
{
	recovery_code_remove_all(c->database, user->user_id);
	return totp_row_remove(c->database, user->user_id);
}
