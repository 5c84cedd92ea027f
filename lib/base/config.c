#include "lib/base/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#ifndef LATCHKEY_CONFIG_PATH
#define LATCHKEY_CONFIG_PATH "/etc/latchkey/latchkey.conf"
#endif

enum { FILE_LIMIT = 65536 };

/* A check reads the text into the field. It gives NULL, or what is wrong: "must …". */
typedef const char *setter(struct arena *arena, const char *text, void *field);

static setter set_issuer, set_directory, set_path, set_site_name, set_file, set_level, set_words, set_signup, set_switch;

/* Every key: name, default, check (NULL: a number from lowest to highest), help. */
#define KEYS(KEY) \
	KEY(issuer, NULL, set_issuer, 0, 0, "The URL that names this server, without a slash at its end: https://id.example.org. Required.") \
	KEY(directory, "", set_directory, 0, 0, "The folder with database/, keys/ and mail/, absolute. Empty: the folder of this file.") \
	KEY(endpoint_path, "/cgi-bin", set_path, 0, 0, "What stands between the issuer and the name of an endpoint. May be empty.") \
	KEY(static_path, "", set_path, 0, 0, "What stands between the issuer and the files of htdocs. May be empty.") \
	KEY(site_name, "Latchkey", set_site_name, 0, 0, "The name that pages show.") \
	KEY(log_file, "", set_file, 0, 0, "Where log lines are appended, absolute. Empty: standard error, which the web server keeps.") \
	KEY(log_level, "info", set_level, 0, 0, "What is logged: error, warning, info or debug.") \
	KEY(trusted_proxies, "", set_words, 0, 0, "Addresses of reverse proxies, with spaces between, whose X-Forwarded-For is believed.") \
	KEY(signup, "off", set_signup, 0, 0, "Whether visitors may make an account themselves: off, on, or invitation (with a link of `latchkey invitation add`).") \
	KEY(iss_parameter, "on", set_switch, 0, 0, "Whether authorization responses carry iss (RFC 9207): on or off. Off only for a client that breaks on it.") \
	KEY(code_seconds, "60", NULL, 1, 600, "How long an authorization code can be redeemed.") \
	KEY(access_token_seconds, "600", NULL, 1, 86400, "How long an access token is good.") \
	KEY(id_token_seconds, "3600", NULL, 1, 86400, "How long an ID token is good.") \
	KEY(refresh_idle_seconds, "2592000", NULL, 1, 315360000, "After how long without use a refresh token ends.") \
	KEY(refresh_seconds, "31536000", NULL, 1, 315360000, "After how long a family of refresh tokens ends in any case.") \
	KEY(refresh_grace_seconds, "30", NULL, 0, 60, "How long a client that authenticates may repeat a refresh whose answer got lost; public ones only if set for them.") \
	KEY(flow_seconds, "1800", NULL, 60, 86400, "How long a sign-in may take, from the client and back to it.") \
	KEY(session_idle_seconds, "28800", NULL, 60, 31536000, "After how long without use a session ends.") \
	KEY(session_seconds, "604800", NULL, 60, 31536000, "After how long a session ends in any case.") \
	KEY(session_stay_seconds, "2592000", NULL, 60, 31536000, "The same where \"stay signed in\" was chosen.") \
	KEY(jwks_cache_seconds, "3600", NULL, 1, 604800, "How long clients may keep the public keys. A new key signs only after having been published for longer.") \
	KEY(signing_key_seconds, "7776000", NULL, 1, 315360000, "How long a key signs before the next one takes over.") \
	KEY(pushed_request_seconds, "60", NULL, 5, 600, "How long a pushed authorization request can be used.") \
	KEY(require_pushed_requests, "off", set_switch, 0, 0, "Whether authorization requests must be pushed (RFC 9126): on or off.") \
	KEY(strict_audience, "off", set_switch, 0, 0, "Whether client assertions must name the issuer alone as their audience: on or off.") \
	KEY(argon2_memory_kib, "19456", NULL, 8, 4194304, "Memory of one password hash, in KiB.") \
	KEY(argon2_iterations, "2", NULL, 1, 100, "Passes of one password hash.") \
	KEY(argon2_slots, "4", NULL, 1, 1024, "How many passwords are hashed at a time.") \
	KEY(argon2_wait_ms, "5000", NULL, 0, 25000, "How many milliseconds a sign-in waits for its turn before it is asked to come again.") \
	KEY(password_min_length, "15", NULL, 8, 256, "How many characters a new password needs.") \
	KEY(password_min_length_second_factor, "8", NULL, 8, 256, "The same for who signs in with a second factor.") \
	KEY(breached_passwords, "", set_file, 0, 0, "Passwords that were breached: a file of sorted SHA-1 hashes as Have I Been Pwned gives it, or a folder with one file for each prefix of five digits; absolute. Empty: none.") \
	KEY(second_factor_required, "off", set_switch, 0, 0, "Whether everybody must sign in with a second factor or a passkey: on or off.") \
	KEY(second_factor_limit, "10", NULL, 1, 1000, "Wrong codes of one account in login_limit_seconds: from then on the second factor is locked until those are over.") \
	KEY(fresh_login_seconds, "600", NULL, 30, 86400, "How long after a sign-in the account page allows sensitive changes.") \
	KEY(account_deletion_seconds, "1209600", NULL, 0, 31536000, "How long after \"delete my account\" it is removed; until then its user can take it back.") \
	KEY(signup_domains, "", set_words, 0, 0, "Domains, with spaces between: without an invitation, only who reads mail at an address there may sign up, by a link sent to it. Empty: any.") \
	KEY(mail_from, "", set_words, 0, 0, "The address that mails come from. Empty: noreply at the host of the issuer.") \
	KEY(mail_sendmail, "", set_file, 0, 0, "The program that takes outgoing mail, absolute: /usr/sbin/sendmail.") \
	KEY(mail_smtp_url, "", set_words, 0, 0, "The server that takes outgoing mail: smtps://mail.example.org:465, or smtp://mail.example.org:587 with STARTTLS. Empty, like mail_sendmail: mails are written to the folder mail/sent.") \
	KEY(mail_smtp_user, "", set_words, 0, 0, "The user name there. Empty: no authentication.") \
	KEY(mail_smtp_password_file, "", set_file, 0, 0, "The file with the password of mail_smtp_user, absolute.") \
	KEY(mail_smtp_ca_file, "", set_file, 0, 0, "The certificates (PEM) that vouch for that server, absolute: for one with a private authority. Empty: those of the system.") \
	KEY(mail_limit_address, "20", NULL, 0, 1000000, "Links to reset a password, and as many to sign up, asked for from one address in an hour; 0: no limit.") \
	KEY(reset_seconds, "1800", NULL, 60, 86400, "How long a link that resets a password is good.") \
	KEY(verify_email_seconds, "86400", NULL, 60, 2592000, "How long a link that proves an e-mail address, or leads to sign-up, is good.") \
	KEY(login_limit_account, "20", NULL, 0, 1000000, "Failed sign-ins for one account in login_limit_seconds; 0: no limit.") \
	KEY(login_limit_address, "100", NULL, 0, 1000000, "Failed sign-ins from one address in login_limit_seconds; 0: no limit.") \
	KEY(login_limit_seconds, "900", NULL, 1, 86400, "The time in which failed sign-ins are counted.") \
	KEY(signup_limit_address, "20", NULL, 0, 1000000, "New accounts from one address in an hour; 0: no limit.") \
	KEY(fastcgi_processes, "4", NULL, 1, 64, "How many processes of one endpoint serve at a time where it runs as FastCGI; as many as there is work for, none without. Sign-ins, which wait for argon2_slots, may be more.") \
	KEY(fastcgi_requests, "10000", NULL, 1, 1000000000, "After how many requests such a process makes room for a fresh one.") \
	KEY(flow_limit_address, "1000", NULL, 0, 1000000, "Sign-ins under way from one address; 0: no limit.")

#define AS_KEY(name, fallback, set, lowest, highest, help) { #name, fallback, help },
#define AS_RULE(name, fallback, set, lowest, highest, help) { offsetof(struct config, name), set, lowest, highest },

const struct config_key config_keys[] = { KEYS(AS_KEY) { NULL, NULL, NULL } };

static const struct rule {
	size_t offset;
	setter *set;
	int64_t lowest;
	int64_t highest;
} rules[] = { KEYS(AS_RULE) };

enum { KEY_COUNT = sizeof rules / sizeof *rules };

static const char url_characters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:%/";

static bool set_text(struct arena *arena, const char *text, void *field)
{
	const char *copy = *text ? arena_text(arena, text) : NULL;
	memcpy(field, &copy, sizeof copy);
	return copy != NULL;
}

/* "" or "/segment…", as part of a URL. */
static bool path_is_fine(const char *path)
{
	if (!*path)
		return true;
	return *path == '/' && !text_ends_with(path, "/") && !strstr(path, "//") && !strstr(path, "/.") &&
		path[strspn(path, url_characters)] == '\0';
}

/* Browsers send Origin in small letters and without the default port; it is compared with the issuer. */
static const char *check_port(const char *port, size_t length, bool https)
{
	char digits[6] = { 0 };
	int64_t number;
	if (length > 5)
		return "has a port that is none";
	memcpy(digits, port, length);
	if (!text_to_number(digits, &number) || number < 1 || number > 65535 || *digits == '0')
		return "has a port that is none";
	return number == (https ? 443 : 80) ? "must not name its scheme's default port" : NULL;
}

static const char *set_issuer(struct arena *arena, const char *text, void *field)
{
	bool https = text_starts_with(text, "https://");
	if (!https && !text_starts_with(text, "http://"))
		return "must begin with https:// or http://";
	const char *host = text + (https ? 8 : 7);
	size_t length = strcspn(host, "/");
	if (strpbrk(text, "?#@"))
		return "must have no query, fragment or user name";
	if (text_ends_with(text, "/"))
		return "must not end with a slash";
	size_t name = *host == '[' ? strspn(host + 1, "0123456789abcdef:.") + 2
				   : strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-._");
	if (name > length || (*host == '[' && (name < 4 || host[name - 1] != ']')) || name == 0)
		return "must have a host, in small letters";
	if (name < length && host[name] != ':')
		return "has a host with characters that none has, or with capital letters";
	const char *wrong = name < length ? check_port(host + name + 1, length - name - 1, https) : NULL;
	if (wrong)
		return wrong;
	if (!path_is_fine(host + length))
		return "has a path that is not plain";
	set_text(arena, text, field);
	return NULL;
}

static const char *set_file(struct arena *arena, const char *text, void *field)
{
	if (*text && *text != '/')
		return "must be an absolute path";
	set_text(arena, text, field);
	return NULL;
}

static const char *set_directory(struct arena *arena, const char *text, void *field)
{
	size_t length = strlen(text);
	while (length > 1 && text[length - 1] == '/')
		length--;
	return set_file(arena, arena_copy(arena, text, length), field);
}

static const char *set_path(struct arena *arena, const char *text, void *field)
{
	if (!path_is_fine(text))
		return "must be empty, or begin with a slash and not end with one";
	const char *copy = arena_text(arena, text);
	memcpy(field, &copy, sizeof copy);
	return NULL;
}

static const char *set_site_name(struct arena *arena, const char *text, void *field)
{
	if (utf8_count(text) > 64)
		return "must have at most 64 characters";
	return set_text(arena, text, field) ? NULL : "must not be empty";
}

static const char *set_level(struct arena *arena, const char *text, void *field)
{
	if (!words_contain("error warning info debug", text))
		return "must be error, warning, info or debug";
	set_text(arena, text, field);
	return NULL;
}

static const char *set_words(struct arena *arena, const char *text, void *field)
{
	set_text(arena, words_union(arena, text, NULL), field);
	return NULL;
}

static const char *set_switch(struct arena *arena, const char *text, void *field)
{
	(void)arena;
	bool on = text_equal(text, "on");
	if (!on && !text_equal(text, "off"))
		return "must be on or off";
	memcpy(field, &on, sizeof on);
	return NULL;
}

static const char *set_signup(struct arena *arena, const char *text, void *field)
{
	(void)arena;
	enum signup_policy policy = SIGNUP_OFF;
	if (text_equal(text, "on"))
		policy = SIGNUP_ON;
	else if (text_equal(text, "invitation"))
		policy = SIGNUP_INVITATION;
	else if (!text_equal(text, "off"))
		return "must be off, on or invitation";
	memcpy(field, &policy, sizeof policy);
	return NULL;
}

static const char *set_number(struct arena *arena, const char *text, const struct rule *rule, void *field)
{
	int64_t number;
	if (!text_to_number(text, &number) || number < rule->lowest || number > rule->highest)
		return arena_format(arena, "must be a number from %lld to %lld", (long long)rule->lowest, (long long)rule->highest);
	memcpy(field, &number, sizeof number);
	return NULL;
}

static const char *set(struct arena *arena, struct config *config, size_t key, const char *text)
{
	const struct rule *rule = &rules[key];
	void *field = (char *)config + rule->offset;
	return rule->set ? rule->set(arena, text, field) : set_number(arena, text, rule, field);
}

static size_t find_key(const char *name)
{
	size_t key = 0;
	while (key < KEY_COUNT && !text_equal(config_keys[key].name, name))
		key++;
	return key;
}

/* A copy without the blanks around it. */
static char *trim(struct arena *arena, const char *text, size_t length)
{
	while (length > 0 && memchr(" \t\r", text[length - 1], 3))
		length--;
	size_t blanks = 0;
	while (blanks < length && (text[blanks] == ' ' || text[blanks] == '\t'))
		blanks++;
	return arena_copy(arena, text + blanks, length - blanks);
}

/* One line. NULL, or what is wrong with it. */
static const char *read_line(struct arena *arena, struct config *config, bool seen[KEY_COUNT], const char *line, size_t length)
{
	while (length > 0 && memchr(" \t\r", *line, 3)) {
		line++;
		length--;
	}
	if (length == 0 || *line == '#')
		return NULL;
	const char *text = trim(arena, line, length);
	const char *sign = strchr(text, '=');
	if (!sign)
		return "neither \"key = value\" nor a comment that begins with #";
	const char *name = trim(arena, text, (size_t)(sign - text));
	const char *value = trim(arena, sign + 1, strlen(sign + 1));
	size_t key = find_key(name);
	if (key == KEY_COUNT)
		return arena_format(arena, "unknown key \"%s\"", name);
	if (seen[key])
		return arena_format(arena, "key \"%s\" is repeated", name);
	seen[key] = true;
	if (utf8_has_controls(value))
		return arena_format(arena, "%s has a control character", name);
	const char *wrong = set(arena, config, key, value);
	return wrong ? arena_format(arena, "%s %s", name, wrong) : NULL;
}

/* The whole file, NUL-terminated; NULL with *error. */
static char *read_file(struct arena *arena, const char *path, struct file_state *state, const char **error)
{
	struct buffer text = buffer_create(arena, 4096);
	char bytes[4096];
	ssize_t got = 1;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (file < 0) {
		*error = arena_format(arena, "cannot open %s: %s", path, strerror(errno));
		return NULL;
	}
	file_state_of(file, state);
	while (got != 0 && text.length <= FILE_LIMIT) {
		got = read(file, bytes, sizeof bytes);
		if (got > 0)
			buffer_bytes(&text, bytes, (size_t)got);
		else if (got < 0 && errno != EINTR)
			break;
	}
	int why = errno;
	close(file);
	if (got < 0)
		*error = arena_format(arena, "cannot read %s: %s", path, strerror(why));
	else if (text.length > FILE_LIMIT)
		*error = arena_format(arena, "%s: larger than %d bytes", path, FILE_LIMIT);
	else if (memchr(text.data, '\0', text.length) || !utf8_valid(text.data, text.length))
		*error = arena_format(arena, "%s: not a text in UTF-8", path);
	else
		return text.data;
	return NULL;
}

static const char *directory_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	if (*path == '/')
		return slash == path ? "/" : arena_copy(arena, path, (size_t)(slash - path));
	char *here = arena_alloc(arena, 4096);
	if (!getcwd(here, 4096))
		return NULL;
	return slash ? arena_format(arena, "%s/%.*s", text_equal(here, "/") ? "" : here, (int)(slash - path), path) : here;
}

/* Defaults, where nothing was set. NULL, or what is missing. */
static const char *fill(struct arena *arena, struct config *config, const bool seen[KEY_COUNT], const char *path)
{
	for (size_t key = 0; key < KEY_COUNT; key++) {
		if (seen[key])
			continue;
		if (!config_keys[key].fallback)
			return arena_format(arena, "%s is not set", config_keys[key].name);
		set(arena, config, key, config_keys[key].fallback);
	}
	if (!config->directory)
		config->directory = directory_of(arena, path);
	return config->directory ? NULL : "the current folder has no path";
}

const char *config_path(void)
{
	const char *path = getenv("LATCHKEY_CONFIG");
	return text_empty(path) ? LATCHKEY_CONFIG_PATH : path;
}

const struct config *config_load(struct arena *arena, const char *path, const char **error)
{
	struct config *config = arena_alloc(arena, sizeof *config);
	bool seen[KEY_COUNT] = { false };
	const char *line = read_file(arena, path, &config->file, error);
	if (!line)
		return NULL;
	config->path = arena_text(arena, path);
	for (int number = 1; *line; number++) {
		size_t length = strcspn(line, "\n");
		const char *wrong = read_line(arena, config, seen, line, length);
		if (wrong) {
			*error = arena_format(arena, "%s:%d: %s", path, number, wrong);
			return NULL;
		}
		line += length + (line[length] == '\n');
	}
	const char *missing = fill(arena, config, seen, path);
	if (missing) {
		*error = arena_format(arena, "%s: %s", path, missing);
		return NULL;
	}
	return config;
}

bool config_is_current(const struct config *config)
{
	return file_state_is(config->path, &config->file);
}

bool config_is_https(const struct config *config)
{
	return text_starts_with(config->issuer, "https:");
}

char *config_file(struct arena *arena, const struct config *config, const char *name)
{
	return arena_format(arena, "%s/%s", text_equal(config->directory, "/") ? "" : config->directory, name);
}

char *config_endpoint_url(struct arena *arena, const struct config *config, const char *name)
{
	return arena_format(arena, "%s%s/%s", config->issuer, config->endpoint_path, name);
}

char *config_static_url(struct arena *arena, const struct config *config, const char *name)
{
	return arena_format(arena, "%s%s/%s", config->issuer, config->static_path, name);
}
