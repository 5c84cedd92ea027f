/* latchkey doctor: looks at an installation and says what is wrong with it, and what to do. It changes nothing. */
#ifndef LATCHKEY_COMMANDS_DOCTOR_DOCTOR_H
#define LATCHKEY_COMMANDS_DOCTOR_DOCTOR_H

#include <setjmp.h>

#include "commands/cli.h"

enum level { LEVEL_OK, LEVEL_SKIPPED, LEVEL_ADVICE, LEVEL_PROBLEM };

struct finding {
	enum level level;
	const char *sentence;
	const char *advice; /* NULL: there is nothing to do */
	int more;           /* what else was found, of the same level */
};

/* What stands at a URL. */
struct answer {
	int curl;          /* libcurl's result; 0: there was an answer */
	const char *error; /* its words */
	int status;
	int64_t expires;   /* the certificate's end; 0: unknown, or no TLS */
	const char *headers;
	const char *body;
	size_t length;
};

struct doctor {
	struct cli *cli;
	struct arena *arena;
	const struct config *config; /* NULL: it cannot be read, and all that needs it is skipped */
	struct database *database;   /* likewise */
	bool opened;                 /* it was tried */
	bool offline;
	struct finding finding;      /* of the check that runs */
	jmp_buf failed;              /* where a failure of the database leads */
	const char *failure;
	const struct answer *discovery; /* NULL: the issuer does not answer, and all that needs it is skipped */
	const struct answer *refused_certificate; /* the answer to a request that insisted on a good one; NULL: it was good */
	int64_t realtime_ms, monotonic_ms; /* at the start */
};

enum needs { NEEDS_NOTHING, NEEDS_CONFIG, NEEDS_DATABASE, NEEDS_NETWORK, NEEDS_WEB };

struct check {
	const char *name;
	const char *about;
	enum needs needs;
	void (*run)(struct doctor *d);
};

/* Each ends with at most one of these for each thing found; the worst counts. `advice` names the command or the setting. */
void fine(struct doctor *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
void skip(struct doctor *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
void advise(struct doctor *d, const char *advice, const char *format, ...) __attribute__((format(printf, 3, 4)));
void problem(struct doctor *d, const char *advice, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The issuer's host is this machine: what is made for a try need not be made for the internet. */
bool is_local(const struct config *config);

/* What a program prints on standard output, at most so many bytes; NULL if it could not be started or was ended by a signal. */
char *run_program(struct doctor *d, const char *const *words, size_t limit, size_t *length, int *status);

/* The program that knows the network (commands/probe), with words behind it: its output as above. */
char *run_probe(struct doctor *d, const char *const *words, size_t *length, int *status);

/* A request: method, url, and headers and body (NULL: none). Certificates are not looked at: there is a check for them. */
const struct answer *fetch(struct doctor *d, const char *method, const char *url, const char *header, const char *body);
const struct answer *fetch_verified(struct doctor *d, const char *url);
/* A header of the answer; "" if it has none. */
const char *answer_header(struct doctor *d, const struct answer *answer, const char *name);
/* A member of the JSON object that the answer is; NULL if there is none. */
const char *answer_member(struct doctor *d, const struct answer *answer, const char *name);

/* The beginning of a file, at most `size` bytes; how many that were, -1 if it cannot be read. */
long file_start(const char *path, void *out, size_t size);

void check_config_file(struct doctor *d);
void check_issuer(struct doctor *d);
void check_folders(struct doctor *d);
void check_proxies(struct doctor *d);
void check_limits(struct doctor *d);
void check_breached(struct doctor *d);

void check_runner(struct doctor *d);
void check_modes(struct doctor *d);
void check_owners(struct doctor *d);
void check_log(struct doctor *d);

void check_database_opens(struct doctor *d);
void check_integrity(struct doctor *d);
void check_references(struct doctor *d);
void check_wal(struct doctor *d);
void check_sqlite(struct doctor *d);
void check_gc(struct doctor *d);
void check_records(struct doctor *d);
void check_audit(struct doctor *d);

void check_seal_keys(struct doctor *d);
void check_signing_keys(struct doctor *d);
void check_next_keys(struct doctor *d);
void check_published(struct doctor *d);

void check_space(struct doctor *d);
void check_file_system(struct doctor *d);
void check_clock(struct doctor *d);
void check_ntp(struct doctor *d);
void check_clock_progress(struct doctor *d);
void check_kernel(struct doctor *d);

void check_mail_settings(struct doctor *d);
void check_mail_server(struct doctor *d);
void check_deliver(struct doctor *d);
void check_outbox(struct doctor *d);

void check_reach(struct doctor *d);
void check_web_issuer(struct doctor *d);
void check_certificate(struct doctor *d);
void check_certificate_age(struct doctor *d);
void check_hsts(struct doctor *d);
void check_well_known(struct doctor *d);
void check_cors(struct doctor *d);
void check_head(struct doctor *d);
void check_date(struct doctor *d);

void check_endpoints(struct doctor *d);
void check_authorization(struct doctor *d);
void check_body(struct doctor *d);
void check_redirect(struct doctor *d);
void check_unknown(struct doctor *d);
void check_answer_headers(struct doctor *d);
void check_account_page(struct doctor *d);

void check_source(struct doctor *d);
void check_secrets(struct doctor *d);

#endif
