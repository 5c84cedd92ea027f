/* The one place that makes a token response (RFC 6749 5.1; OpenID Connect Core 3.1.3.3). */
#ifndef LATCHKEY_CGI_BIN_GRANTS_ISSUE_TOKENS_H
#define LATCHKEY_CGI_BIN_GRANTS_ISSUE_TOKENS_H

#include "lib/endpoint/endpoint.h"
#include "lib/records/client_store.h"
#include "lib/records/grant_store.h"

struct issued_tokens {
	const struct client *client;
	const struct grant *grant;
	const char *access_token;
	const char *id_token;
	int64_t expires_at; /* of the access token */
};

/* Makes and signs the tokens of a grant. Signing takes long: call it before the transaction that decides. */
struct issued_tokens issue_tokens_make(struct context *c, const struct client *client, const struct grant *grant);

/* Stores them with their audit event, inside that transaction. */
void issue_tokens_store(struct context *c, const struct issued_tokens *tokens);

/* Answers with them, after the commit. */
enum outcome issue_tokens_answer(struct context *c, const struct issued_tokens *tokens);

#endif
