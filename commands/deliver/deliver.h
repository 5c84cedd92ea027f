/* deliver: sends what waits in the outbox. Here is what its parts share. */
#ifndef LATCHKEY_COMMANDS_DELIVER_DELIVER_H
#define LATCHKEY_COMMANDS_DELIVER_DELIVER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buffer.h"
#include "lib/base/config.h"
#include "lib/database/database.h"
#include "lib/records/outbox_store.h"

/* What is sent by a deliver that was asked to end is cut short. */
extern volatile sig_atomic_t deliver_stops;

/* Text and HTML of a kind of mail, out of mails/KIND.txt and mails/KIND.html. */
struct mail_template {
	const char *text; /* "Subject: …", an empty line, the text */
	const char *html;
};

enum { LETTER_VALUES = 12 };

/* A mail before it has a form: to whom, and the values of its template. */
struct letter {
	const char *kind; /* that of the outbox without what stands before the dot */
	const char *to;
	const struct mail_template *template;
	struct {
		const char *name;
		const char *text;
	} values[LETTER_VALUES];
	int count;
};

/*
 * Inside the transaction that took the row: whom the mail goes to and what it says. A link is inserted with the hash of
 * `token`, a fresh one, and ends those before it. False, with a constant sentence in *why, if there is nothing to send.
 */
bool letter_prepare(struct letter *letter, const struct config *config, struct database *db,
	const struct outbox_row *row, const char *token, int64_t now, const char **why);

/* The address that mails come from; NULL if the configuration's cannot be used. And its domain. */
const char *mail_sender(struct arena *arena, const struct config *config);
const char *mail_domain(struct arena *arena, const struct config *config);

/* The whole message (RFC 5322, lines end in CRLF), alike for all ways out. */
struct buffer mail_compose(struct arena *arena, const struct config *config, const struct letter *letter, int64_t now);

enum sending { SENDING_DONE, SENDING_FAILED, SENDING_INTERRUPTED };

struct sender;

/* NULL with a sentence in *error if the configuration cannot work. */
struct sender *sender_create(struct arena *arena, const struct config *config, const char **error);
void sender_end(struct sender *sender);

/* Connects to the SMTP server as for a mail, with TLS and the password, and sends none. True where there is no such server. */
bool sender_check(struct sender *sender, struct arena *arena, const char **why);

/* Takes at most SENDING_SECONDS. *why is a sentence in the arena without anything of the mail. */
enum { SENDING_SECONDS = 120 };
enum sending sender_send(struct sender *sender, struct arena *arena, const struct letter *letter,
	const struct buffer *message, const char **why);

#endif
