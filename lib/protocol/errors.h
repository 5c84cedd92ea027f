/*
 * The one catalogue of errors, and the two ways out of a handler besides success:
 * refuse() keeps what was done (a replay's revocation, a counter must last) and answers an error of the
 * catalogue; fail() undoes it and answers 500 with a request id.
 */
#ifndef LATCHKEY_PROTOCOL_ERRORS_H
#define LATCHKEY_PROTOCOL_ERRORS_H

#include "lib/http/context.h"

struct error {
	const char *code;        /* as the specification spells it; NULL: none is sent (RFC 6750 3.1) */
	int status;
	const char *page;        /* error_heading_…, error_explain_… of a page */
	const char *description; /* for the developer of the client */
};

/* An E(NAME, code, status, page, description) for each. */
#define ERROR_CATALOGUE(E) \
	/* RFC 6749 4.1.2.1, 5.2 */ \
	E(INVALID_REQUEST, "invalid_request", 400, "bad_request", "The request is malformed.") \
	E(INVALID_CLIENT, "invalid_client", 401, "bad_request", "Client authentication failed.") \
	E(INVALID_GRANT, "invalid_grant", 400, "bad_request", "The authorization code is not valid.") \
	E(UNAUTHORIZED_CLIENT, "unauthorized_client", 400, "bad_request", "The client may not do this.") \
	E(UNSUPPORTED_GRANT_TYPE, "unsupported_grant_type", 400, "bad_request", "This grant_type is not supported.") \
	E(UNSUPPORTED_RESPONSE_TYPE, "unsupported_response_type", 400, "bad_request", "Only response_type=code is supported.") \
	E(INVALID_SCOPE, "invalid_scope", 400, "bad_request", "The scope must contain openid.") \
	E(ACCESS_DENIED, "access_denied", 403, "forbidden", "The user did not allow it.") \
	E(SERVER_ERROR, "server_error", 500, "server", "The server failed.") \
	E(TEMPORARILY_UNAVAILABLE, "temporarily_unavailable", 503, "busy", "The server is busy; try again in a moment.") \
	/* RFC 8707 2 */ \
	E(INVALID_TARGET, "invalid_target", 400, "bad_request", "The resource is unknown, malformed or not allowed.") \
	/* OpenID Connect Core 3.1.2.6 */ \
	E(LOGIN_REQUIRED, "login_required", 400, "bad_request", "The user has to sign in.") \
	E(CONSENT_REQUIRED, "consent_required", 400, "bad_request", "The user has to give consent.") \
	E(ACCOUNT_SELECTION_REQUIRED, "account_selection_required", 400, "bad_request", "The user has to choose an account.") \
	E(REQUEST_NOT_SUPPORTED, "request_not_supported", 400, "bad_request", "The request parameter is not supported.") \
	E(REQUEST_URI_NOT_SUPPORTED, "request_uri_not_supported", 400, "bad_request", "The request_uri parameter is not supported.") \
	E(INVALID_REQUEST_URI, "invalid_request_uri", 400, "expired", "The request_uri is unknown, has expired, or is another client's.") \
	E(REGISTRATION_NOT_SUPPORTED, "registration_not_supported", 400, "bad_request", "The registration parameter is not supported.") \
	/* RFC 9470 3, OpenID Connect Core Error Code unmet_authentication_requirements 1.0 */ \
	E(UNMET_AUTHENTICATION_REQUIREMENTS, "unmet_authentication_requirements", 400, "bad_request", "The user cannot sign in in the way asked for.") \
	/* account and other JSON endpoints of our own pages */ \
	E(SIGN_IN_REQUIRED, "login_required", 401, "forbidden", "Nobody is signed in in this browser.") \
	E(FRESH_SIGN_IN_REQUIRED, "fresh_login_required", 403, "forbidden", "This needs a sign-in of a few minutes ago at most.") \
	E(INVALID_JSON, "invalid_request", 400, "bad_request", "The body is not the JSON object that this endpoint takes.") \
	E(INVALID_FIELD, "invalid_field", 400, "bad_request", "A value will not do.") \
	E(CONFLICT, "conflict", 409, "bad_request", "It was changed meanwhile, perhaps in another tab: load it again.") \
	E(NO_SUCH_ITEM, "not_found", 404, "not_found", "There is no such item.") \
	/* RFC 6750 3.1 */ \
	E(TOKEN_MISSING, NULL, 401, "bad_request", "An access token is needed.") \
	E(INVALID_TOKEN, "invalid_token", 401, "bad_request", "The access token is unknown, expired or revoked.") \
	E(INSUFFICIENT_SCOPE, "insufficient_scope", 403, "forbidden", "The access token does not have the scope openid.") \
	/* pages and HTTP itself */ \
	E(UNKNOWN_CLIENT, "invalid_client", 400, "client_unknown", "No application is registered with this client_id.") \
	E(UNKNOWN_REDIRECT_URI, "invalid_request", 400, "redirect_uri", "The redirect_uri is not registered for this client.") \
	E(FLOW_EXPIRED, "invalid_request", 400, "expired", "This sign-in has ended or belongs to another browser.") \
	E(FOREIGN_FORM, "invalid_request", 403, "forbidden", "The form does not come from this site, or is too old.") \
	E(NOT_FOUND, "invalid_request", 404, "not_found", "This is switched off here.") \
	E(METHOD_NOT_ALLOWED, "invalid_request", 405, "not_allowed", "This HTTP method is not allowed here.") \
	E(LENGTH_REQUIRED, "invalid_request", 411, "bad_request", "The request needs a Content-Length.") \
	E(TOO_LARGE, "invalid_request", 413, "too_large", "The request is too large.") \
	E(WRONG_MEDIA_TYPE, "invalid_request", 415, "media_type", "The body must be application/x-www-form-urlencoded.") \
	E(TOO_MANY_REQUESTS, "temporarily_unavailable", 429, "busy", "Too many requests; try again in a few minutes.") \
	E(OTHER_SCHEMA, "server_error", 503, "busy", "The server is being upgraded.")

/* Each is an array of one, so that its name is a pointer. */
#define ERROR_DECLARE(NAME, code, status, page, description) extern const struct error NAME[1];
ERROR_CATALOGUE(ERROR_DECLARE)

/*
 * Commits, logs the clause with file and line, and answers in the way of the endpoint: by page, JSON,
 * WWW-Authenticate or redirect. `clause` names what the specification asks: "RFC 7636 4.6".
 */
#define refuse(c, error, clause) refuse_at(c, error, clause, NULL, __FILE__, __LINE__)

/* The same with a description of its own, printable ASCII. */
#define refuse_because(c, error, clause, description) refuse_at(c, error, clause, description, __FILE__, __LINE__)

enum outcome refuse_at(struct context *c, const struct error *error, const char *clause, const char *description,
	const char *file, int line);

/* The same for functions named …_require: does not return. */
#define refuse_and_leave(c, error, clause) \
	do { \
		refuse(c, error, clause); \
		context_leave(c); \
	} while (0)
#define refuse_because_and_leave(c, error, clause, description) \
	do { \
		refuse_because(c, error, clause, description); \
		context_leave(c); \
	} while (0)

/* Rolls back, logs the sentence, answers 500 (or 503 for OTHER_SCHEMA) with the request id alone. */
_Noreturn void fail(struct context *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void fail_with(struct context *c, const struct error *error, const char *reason);

/* Refuses the first parameter with a problem: of `name`, or (NULL) of any. */
void parameters_require(struct context *c, const char *name);

/* A parameter that must be there: refuses if it is absent. */
const char *parameter_require(struct context *c, const char *name, const char *clause);

#endif
