/*
 * The configuration: `key = value` lines, `#` starts a comment line. An unknown key, a repeated one or a value
 * that does not fit is an error that names the line. Every key is described in scripts/latchkey.conf.sample
 * and listed in the table of config.c, from which both the reader and the sample's test work.
 */
#ifndef LATCHKEY_BASE_CONFIG_H
#define LATCHKEY_BASE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/file_state.h"

enum signup_policy { SIGNUP_OFF, SIGNUP_ON, SIGNUP_INVITATION };

struct config {
	const char *issuer;           /* https://id.example.org, without a trailing slash */
	const char *directory;        /* absolute; default: the folder of the configuration file */
	const char *endpoint_path;    /* between issuer and endpoint name: "/cgi-bin" */
	const char *static_path;      /* between issuer and the files of htdocs: "" */
	const char *site_name;        /* shown on pages: "Latchkey" */
	const char *log_file;         /* NULL: standard error */
	const char *log_level;        /* error, warning, info, debug */
	const char *trusted_proxies;  /* words: addresses whose X-Forwarded-For counts; NULL: none */
	enum signup_policy signup;    /* off | on | invitation */
	bool iss_parameter;           /* `iss` in authorization responses (RFC 9207); true */
	int64_t code_seconds;         /* life of an authorization code, 60 */
	int64_t access_token_seconds; /* 600 */
	int64_t id_token_seconds;     /* 3600 */
	int64_t refresh_idle_seconds; /* a refresh token unused for so long ends, 2592000 */
	int64_t refresh_seconds;      /* a family of refresh tokens ends then, 31536000 */
	int64_t refresh_grace_seconds; /* window for a retry, of clients that authenticate, 30 */
	int64_t flow_seconds;         /* a sign-in under way, 1800 */
	int64_t session_idle_seconds; /* 28800 */
	int64_t session_seconds;      /* 604800 */
	int64_t session_stay_seconds; /* with "stay signed in": 2592000 */
	int64_t jwks_cache_seconds;   /* how long clients may cache the jwks, 3600 */
	int64_t signing_key_seconds;  /* how long a key signs before the next one takes over, 7776000 */
	int64_t pushed_request_seconds; /* life of a pushed authorization request, 60 */
	bool require_pushed_requests; /* false */
	bool strict_audience;         /* client assertions must name the issuer alone, false */
	int64_t argon2_memory_kib;    /* 19456 */
	int64_t argon2_iterations;    /* 2 */
	int64_t argon2_slots;         /* hashes at a time, 4 */
	int64_t argon2_wait_ms;       /* for a slot, then 503, 5000 */
	int64_t password_min_length;  /* code points, 15 */
	int64_t password_min_length_second_factor; /* of who has a second factor, 8 */
	const char *breached_passwords; /* file or folder of hashes; NULL: none */
	bool second_factor_required;  /* of everybody, false */
	int64_t second_factor_limit;  /* wrong codes in login_limit_seconds, 10 */
	int64_t fresh_login_seconds;  /* age of the sign-in that sensitive changes ask for, 600 */
	int64_t account_deletion_seconds; /* from "delete my account" to its removal, 1209600 */
	const char *signup_domains;   /* words: domains of e-mail addresses that may sign up, proven by a link; NULL: any */
	const char *mail_from;        /* address in From; NULL: noreply@<host of the issuer> */
	const char *mail_sendmail;    /* program, absolute; NULL: none */
	const char *mail_smtp_url;    /* smtp://host:587 or smtps://host:465; NULL: none */
	const char *mail_smtp_user;   /* NULL: no authentication */
	const char *mail_smtp_password_file; /* NULL: none */
	const char *mail_smtp_ca_file;       /* NULL: the system's */
	int64_t mail_limit_address;   /* password resets asked for from one address in an hour, 0 = no limit; 20 */
	int64_t reset_seconds;        /* life of a link that resets a password, 1800 */
	int64_t verify_email_seconds; /* life of a link that proves an address, 86400 */
	int64_t login_limit_account;  /* failed sign-ins per account in login_limit_seconds, 0 = no limit; 20 */
	int64_t login_limit_address;  /* the same per address, 100 */
	int64_t login_limit_seconds;  /* 900 */
	int64_t signup_limit_address; /* new accounts per address in an hour, 0 = no limit; 20 */
	int64_t fastcgi_processes;    /* of one endpoint at most, 4 */
	int64_t fastcgi_requests;     /* after which a process makes room for a fresh one, 10000 */
	int64_t flow_limit_address;   /* flows under way per address, 0 = no limit; 1000 */

	const char *path;             /* of the file that this was read from; "" if from none */
	struct file_state file;       /* as it was then */
};

/* One key, for the documentation and its test: name, default as written (NULL: must be set), one line of help. */
struct config_key {
	const char *name;
	const char *fallback;
	const char *help;
};

/* All keys, ended by a NULL name. */
extern const struct config_key config_keys[];

/* The file that LATCHKEY_CONFIG names, else the path compiled in (/etc/latchkey/latchkey.conf). */
const char *config_path(void);

/* Reads and checks the file. NULL, with a sentence in *error (arena), if it is missing or wrong. */
const struct config *config_load(struct arena *arena, const char *path, const char **error);

/* Whether the file is still the one that was read: for processes that outlive a request. */
bool config_is_current(const struct config *config);

/* The issuer's scheme is https: cookies are Secure and carry the __Host- prefix. */
bool config_is_https(const struct config *config);

/* `directory`/`name`, in the arena: database/latchkey.db, keys/…, */
char *config_file(struct arena *arena, const struct config *config, const char *name);

/* The URL of an endpoint (<issuer><endpoint_path>/<name>) and of a static file (<issuer><static_path>/<name>). */
char *config_endpoint_url(struct arena *arena, const struct config *config, const char *name);
char *config_static_url(struct arena *arena, const struct config *config, const char *name);

#endif
