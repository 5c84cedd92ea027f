/* Applications: table clients. Its columns are described in schema.sql. */
#ifndef LATCHKEY_RECORDS_CLIENT_STORE_H
#define LATCHKEY_RECORDS_CLIENT_STORE_H

#include "lib/database/database.h"

/* What a client wants to be told in a way of its own; lines and words as in schema.sql, "" for none. */
struct claim_rules {
	const char *mapping;
	const char *groups_filter;
};

struct client {
	const char *client_id;
	const char *client_name;
	const char *client_uri;
	const char *logo_uri;
	const char *policy_uri;
	const char *tos_uri;
	const char *application_type;
	const char *token_endpoint_auth_method; /* NULL: client_secret_basic or client_secret_post */
	const char *secret;                     /* sealed Argon2id hash; NULL: public */
	const unsigned char *secret_verifier;   /* 32 bytes; NULL: not set yet */
	const char *redirect_uris;
	const char *post_logout_redirect_uris;
	const char *grant_types;
	const char *scope;
	int64_t default_max_age;                /* -1: none */
	bool require_auth_time;
	const char *default_acr_values;         /* words; NULL: any */
	const char *pkce;
	int64_t refresh_grace_seconds;          /* -1: by the kind of client */
	int64_t refresh_idle_seconds;           /* 0: the configuration's; likewise below */
	int64_t refresh_seconds;
	int64_t access_token_seconds;
	const char *jwks;                       /* NULL: none */
	const char *token_endpoint_auth_signing_alg; /* NULL: any */
	bool require_pushed_authorization_requests;
	const char *introspection;              /* NULL: own tokens; "all" */
	const char *consent;
	const char *id_token_claims;
	const char *access_token_format;
	const char *id_token_signed_response_alg;
	const char *resource_handling;
	struct claim_rules claim_rules;         /* columns claim_mapping, groups_filter */
	bool trace;
	int64_t created_at;
	int64_t disabled_at;                    /* 0: enabled */
};

/* A client without a secret (RFC 6749 2.1). */
bool client_is_public(const struct client *client);

/* NULL if there is none. A disabled client is found too. */
const struct client *client_find(struct database *db, const char *client_id);

/* False if the id is taken. */
bool client_insert(struct database *db, const struct client *client);

/* Removes it and all that it was granted. False if there was none. */
bool client_remove(struct database *db, const char *client_id);

/* All clients by id. */
void client_list(struct database *db, void (*each)(void *context, const struct client *client), void *context);

/* The clients that got something in a session: each once, no disabled ones. */
void client_list_of_session(struct database *db, const char *user_id, const char *sid,
	void (*each)(void *context, const struct client *client), void *context);

/* A new secret: the verifier is forgotten. */
void client_set_secret(struct database *db, const char *client_id, const char *sealed);

/* Remembers the fast verifier, if the secret is still the one that it was made for. */
void client_set_verifier(struct database *db, const char *client_id, const char *sealed_secret, const unsigned char *verifier);

#endif
