/* Authorization requests that wait for their user: table flows. Its columns are described in schema.sql. */
#ifndef LATCHKEY_RECORDS_FLOW_STORE_H
#define LATCHKEY_RECORDS_FLOW_STORE_H

#include "lib/database/database.h"

struct flow {
	const char *flow_id;
	const unsigned char *secret_hash;
	const char *client_id;       /* NULL: sign-in without an application */
	const char *redirect_uri;
	const char *response_mode;
	const char *state;           /* NULL: none */
	const char *scope;
	const char *nonce;
	const char *code_challenge;
	const char *id_token_hint;   /* of a stored flow: sealed */
	const char *claims;
	const char *claims_id_token;
	const char *claims_userinfo;
	const char *resource;
	const char *confirmation;
	const char *prompt;
	int64_t max_age;             /* -1: none */
	const char *login_hint;
	const unsigned char *pushed_request_hash; /* NULL: did not come by PAR */
	const char *required_user_id;
	const char *acr_values;       /* words; NULL: none */
	const char *first_user_id;    /* who proved a password here and owes a second factor; NULL: nobody */
	int64_t first_at;
	bool stay;                    /* chosen with the password */
	int64_t passkey_challenges;   /* used up */
	const char *selected_user_id; /* NULL: nobody yet */
	const char *address;
	int64_t created_at;
	int64_t expires_at;
};

/* NULL if there is none or it expired. */
const struct flow *flow_find(struct database *db, const char *flow_id, int64_t now);

void flow_insert(struct database *db, const struct flow *flow);

/* Who signed in, or was chosen, on the flow's own pages. */
void flow_set_selected(struct database *db, const char *flow_id, const char *user_id);

/* Who proved a password here and owes a second factor. */
void flow_set_first(struct database *db, const char *flow_id, const char *user_id, int64_t now, bool stay);

/* Uses up the challenge for a passkey with this number: true for exactly one of all who try. */
bool flow_use_passkey_challenge(struct database *db, const char *flow_id, int64_t number);

/* id_token_hint and claims were read: the words asked for, and who alone may finish the flow (NULL: anybody). */
void flow_set_read(struct database *db, const char *flow_id, const char *id_token, const char *userinfo, const char *required_user_id);

/* False if it was gone already: somebody else finished it. */
bool flow_remove(struct database *db, const char *flow_id);

int64_t flow_remove_expired(struct database *db, int64_t now, int limit);

#endif
