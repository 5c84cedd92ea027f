#include "lib/protocol/metadata.h"

#include "lib/base/json_write.h"
#include "lib/protocol/acr.h"
#include "lib/protocol/scope.h"

#define CLIENT_METHODS "client_secret_basic client_secret_post private_key_jwt"
#define CLIENT_ALGS "RS256 PS256 ES256 EdDSA"

static void write_endpoints(struct buffer *out, const struct config *config)
{
	static const char *const endpoints[][2] = {
		{ "authorization_endpoint", "authorize" },
		{ "token_endpoint", "token" },
		{ "userinfo_endpoint", "userinfo" },
		{ "end_session_endpoint", "logout" },
		{ "introspection_endpoint", "introspect" },
		{ "revocation_endpoint", "revoke" },
		{ "pushed_authorization_request_endpoint", "par" },
	};
	for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++)
		json_text(out, endpoints[i][0], config_endpoint_url(out->arena, config, endpoints[i][1]));
	json_text(out, "jwks_uri", arena_format(out->arena, "%s/.well-known/jwks.json", config->issuer));
}

void metadata_write(struct buffer *out, const struct config *config)
{
	json_object_open(out, NULL);
	json_text(out, "issuer", config->issuer);
	write_endpoints(out, config);
	json_words(out, "response_types_supported", "code");
	json_words(out, "response_modes_supported", "query form_post");
	json_words(out, "grant_types_supported", "authorization_code refresh_token client_credentials");
	json_words(out, "subject_types_supported", "public");
	json_words(out, "id_token_signing_alg_values_supported", "RS256 PS256 ES256 EdDSA");
	json_words(out, "token_endpoint_auth_methods_supported", CLIENT_METHODS " none");
	json_words(out, "token_endpoint_auth_signing_alg_values_supported", CLIENT_ALGS);
	json_words(out, "introspection_endpoint_auth_methods_supported", CLIENT_METHODS);
	json_words(out, "introspection_endpoint_auth_signing_alg_values_supported", CLIENT_ALGS);
	json_words(out, "revocation_endpoint_auth_methods_supported", CLIENT_METHODS " none");
	json_words(out, "revocation_endpoint_auth_signing_alg_values_supported", CLIENT_ALGS);
	json_bool(out, "require_pushed_authorization_requests", config->require_pushed_requests);
	json_words(out, "code_challenge_methods_supported", "S256");
	/* Registered ones are left out, as RFC 8414 2 allows: this document needs no database, and some clients ask for every
	   scope that they find here. */
	json_words(out, "scopes_supported", SCOPES_SUPPORTED);
	json_words(out, "claims_supported", CLAIMS_SUPPORTED);
	json_words(out, "claim_types_supported", "normal");
	json_words(out, "acr_values_supported", ACR_VALUES_SUPPORTED);
	json_words(out, "prompt_values_supported", "none login consent select_account");
	json_words(out, "ui_locales_supported", "en");
	json_bool(out, "claims_parameter_supported", true);
	json_bool(out, "request_parameter_supported", false);
	json_bool(out, "request_uri_parameter_supported", false);
	json_bool(out, "authorization_response_iss_parameter_supported", config->iss_parameter);
	json_bool(out, "backchannel_logout_supported", false);
	json_bool(out, "backchannel_logout_session_supported", false);
	json_object_close(out);
}
