/* The one place that makes a token response (RFC 6749 5.1; OpenID Connect Core 3.1.3.3). */
#ifndef LATCHKEY_CGI_BIN_GRANTS_ISSUE_TOKENS_H
#define LATCHKEY_CGI_BIN_GRANTS_ISSUE_TOKENS_H

#include "lib/endpoint/endpoint.h"
#include "lib/protocol/target.h"
#include "lib/records/client_store.h"
#include "lib/records/grant_store.h"

struct issued_tokens {
	const struct client *client;
	const struct grant *grant; /* NULL: client_credentials */
	struct target target;      /* what the access token is for */
	const char *access_token;
	const char *id_token;      /* NULL: none */
	const char *refresh_token; /* NULL: none */
	int64_t refresh_ends_at;   /* set when refresh_token is the first of its family */
	const char *event;         /* for the audit log */
	int64_t expires_at;        /* of the access token */
};

/* Makes and signs the tokens of a grant. Signing takes long: call it before the transaction that decides. */
struct issued_tokens issue_tokens_make(struct context *c, const struct client *client, const struct grant *grant);

/* The access token that a client gets for itself: likewise. */
struct issued_tokens issue_tokens_make_for_client(struct context *c, const struct client *client, const struct target *target);

/* When a refresh token issued now ends if it is not used; the family ends at `ends_at`. */
int64_t issue_tokens_refresh_expiry(struct context *c, const struct client *client, int64_t ends_at);

/* When the grant's row may go: after its last token, and a while later, so that a replay of its code is still seen. */
int64_t issue_tokens_grant_expiry(const struct issued_tokens *tokens, int64_t refresh_expires_at);

/*
 * The first refresh token of a grant, if the client may refresh: sets tokens->refresh_token, and gives when the grant's
 * row may go. Stored by issue_tokens_store().
 */
int64_t issue_tokens_start_refresh(struct context *c, struct issued_tokens *tokens);

/* Stores them with their audit event, inside that transaction; the second stores the access token alone. */
void issue_tokens_store(struct context *c, const struct issued_tokens *tokens);
void issue_tokens_store_access(struct context *c, const struct issued_tokens *tokens);

/* Answers with them, after the commit. */
enum outcome issue_tokens_answer(struct context *c, const struct issued_tokens *tokens);

#endif
