#include "lib/protocol/client_metadata.h"

#include <stddef.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/http/parameters.h"
#include "lib/protocol/acr.h"
#include "lib/protocol/claim_mapping.h"
#include "lib/protocol/client_keys.h"
#include "lib/protocol/redirect_uri.h"

enum { NAME_LONGEST = 200, URI_LONGEST = 2048, LIST_LONGEST = 64, WORDS_LONGEST = 2048 };

#define DEFAULT_SCOPE "openid profile email address phone groups offline_access"
#define SIGNING_ALGS "RS256 PS256 ES256 EdDSA"
#define KNOWN_GRANT_TYPES "authorization_code refresh_token client_credentials"

enum member_kind { MEMBER_NAME, MEMBER_URL, MEMBER_CHOICE, MEMBER_WORDS, MEMBER_NUMBER, MEMBER_SECONDS, MEMBER_BOOL };

/* Members with one value: both the reader and the writer work from this table. */
struct member {
	const char *name;
	enum member_kind kind;
	size_t offset;        /* in struct client */
	const char *fallback;
	const char *choices;  /* words: MEMBER_CHOICE */
	int64_t most;         /* MEMBER_NUMBER, where -1 stands for none given; MEMBER_SECONDS, where 0 does */
};

#define AT(field) offsetof(struct client, field)

static const struct member members[] = {
	{ "client_name", MEMBER_NAME, AT(client_name), NULL, NULL, 0 },
	{ "client_uri", MEMBER_URL, AT(client_uri), NULL, NULL, 0 },
	{ "logo_uri", MEMBER_URL, AT(logo_uri), NULL, NULL, 0 },
	{ "policy_uri", MEMBER_URL, AT(policy_uri), NULL, NULL, 0 },
	{ "tos_uri", MEMBER_URL, AT(tos_uri), NULL, NULL, 0 },
	{ "application_type", MEMBER_CHOICE, AT(application_type), "web", "web native", 0 },
	{ "token_endpoint_auth_method", MEMBER_CHOICE, AT(token_endpoint_auth_method), NULL,
		"none client_secret_basic client_secret_post private_key_jwt", 0 },
	{ "token_endpoint_auth_signing_alg", MEMBER_CHOICE, AT(token_endpoint_auth_signing_alg), NULL, SIGNING_ALGS, 0 },
	{ "scope", MEMBER_WORDS, AT(scope), DEFAULT_SCOPE, NULL, 0 },
	{ "default_max_age", MEMBER_NUMBER, AT(default_max_age), NULL, NULL, 315360000 },
	{ "require_auth_time", MEMBER_BOOL, AT(require_auth_time), NULL, NULL, 0 },
	{ "id_token_signed_response_alg", MEMBER_CHOICE, AT(id_token_signed_response_alg), "RS256", SIGNING_ALGS, 0 },
	{ "pkce", MEMBER_CHOICE, AT(pkce), "required", "required nonce optional", 0 },
	{ "refresh_grace_seconds", MEMBER_NUMBER, AT(refresh_grace_seconds), NULL, NULL, 60 },
	{ "refresh_idle_seconds", MEMBER_SECONDS, AT(refresh_idle_seconds), NULL, NULL, 315360000 },
	{ "refresh_seconds", MEMBER_SECONDS, AT(refresh_seconds), NULL, NULL, 315360000 },
	{ "access_token_seconds", MEMBER_SECONDS, AT(access_token_seconds), NULL, NULL, 86400 },
	{ "require_pushed_authorization_requests", MEMBER_BOOL, AT(require_pushed_authorization_requests), NULL, NULL, 0 },
	{ "introspection", MEMBER_CHOICE, AT(introspection), NULL, "all", 0 },
	{ "consent", MEMBER_CHOICE, AT(consent), "remember", "remember always none", 0 },
	{ "id_token_claims", MEMBER_CHOICE, AT(id_token_claims), "full", "full minimal", 0 },
	{ "access_token_format", MEMBER_CHOICE, AT(access_token_format), "jwt", "jwt opaque", 0 },
	{ "resource_handling", MEMBER_CHOICE, AT(resource_handling), "honour", "honour ignore", 0 },
	{ "trace", MEMBER_BOOL, AT(trace), NULL, NULL, 0 },
};

enum { MEMBERS = sizeof members / sizeof *members };

static const char **text_field(struct client *client, const struct member *member)
{
	return (const char **)(void *)((char *)client + member->offset);
}

static int64_t *number_field(struct client *client, const struct member *member)
{
	return (int64_t *)(void *)((char *)client + member->offset);
}

static bool *bool_field(struct client *client, const struct member *member)
{
	return (bool *)(void *)((char *)client + member->offset);
}

/* A member that is null counts as absent: many writers put every member that they know. */
static const struct cJSON *member_value(const struct cJSON *object, const char *name)
{
	const struct cJSON *value = json_member(object, name);

	return value && !json_is_null(value) ? value : NULL;
}

/* http and https alone: a javascript: link on the consent page would run with this origin's rights. */
static bool is_web_url(const char *text)
{
	if (!text || strlen(text) > URI_LONGEST || !is_uri(text))
		return false;
	if (text_starts_with(text, "https://"))
		return text[8] != '\0';
	return text_starts_with(text, "http://") && text[7] != '\0';
}

static bool is_name(const char *text)
{
	return !text_empty(text) && strlen(text) <= NAME_LONGEST && !utf8_has_controls(text);
}

static const char *read_text(struct arena *arena, const struct member *member, const char *text)
{
	switch (member->kind) {
	case MEMBER_NAME:
		if (!is_name(text))
			return arena_format(arena, "%s must be a text of 1 to %d bytes without control characters.", member->name, NAME_LONGEST);
		break;
	case MEMBER_URL:
		if (!is_web_url(text))
			return arena_format(arena, "%s must be a URL that begins with https:// or http://.", member->name);
		break;
	case MEMBER_WORDS:
		if (!text || strlen(text) > WORDS_LONGEST || (*text && !is_words(text)))
			return arena_format(arena, "%s must be words with single spaces between them (RFC 6749 3.3).", member->name);
		break;
	default:
		if (!text || !words_contain(member->choices, text))
			return arena_format(arena, "%s must be one of: %s.", member->name, member->choices);
		break;
	}
	return NULL;
}

/* One row of the table. NULL, or what is wrong. */
static const char *read_member(struct arena *arena, const struct member *member, const struct cJSON *object,
	struct client *client)
{
	const struct cJSON *value = member_value(object, member->name);
	const char *wrong;
	int64_t number;

	if (member->kind == MEMBER_BOOL) {
		*bool_field(client, member) = false;
		if (value && !json_is_bool(value, bool_field(client, member)))
			return arena_format(arena, "%s must be true or false.", member->name);
		return NULL;
	}
	if (member->kind == MEMBER_NUMBER || member->kind == MEMBER_SECONDS) {
		int64_t least = member->kind == MEMBER_SECONDS ? 1 : 0;
		*number_field(client, member) = least - 1;
		if (!value)
			return NULL;
		if (!json_is_number(value, &number) || number < least || number > member->most)
			return arena_format(arena, "%s must be a whole number from %d to %lld.", member->name, (int)least, (long long)member->most);
		*number_field(client, member) = number;
		return NULL;
	}
	*text_field(client, member) = member->fallback;
	if (!value)
		return NULL;
	wrong = read_text(arena, member, json_string(value));
	if (!wrong)
		*text_field(client, member) = arena_text(arena, json_string(value));
	return wrong;
}

/* An array of strings as words, each at most once. NULL with *error. `fits` says whether one may stand there. */
static const char *read_list(struct arena *arena, const struct cJSON *object, const char *name,
	bool (*fits)(const char *text), const char **error)
{
	const struct cJSON *array = member_value(object, name);
	struct buffer words = buffer_create(arena, 128);
	int count = 0;

	if (!array)
		return "";
	*error = arena_format(arena, "%s must be an array of at most %d strings.", name, LIST_LONGEST);
	if (!json_is_array(array))
		return NULL;
	for (const struct cJSON *item = json_next(array, NULL); item; item = json_next(array, item)) {
		const char *text = json_string(item);

		if (!text || ++count > LIST_LONGEST)
			return NULL;
		if (strlen(text) > URI_LONGEST || !fits(text)) {
			*error = arena_format(arena, "%s: element %d cannot stand there.", name, count);
			return NULL;
		}
		if (words_contain(words.data, text))
			continue;
		if (words.length > 0)
			buffer_char(&words, ' ');
		buffer_text(&words, text);
	}
	return words.data;
}

static bool is_redirect_uri(const char *text)
{
	return redirect_uri_kind(text) != REDIRECT_BAD;
}

static bool is_https_redirect_uri(const char *text)
{
	return is_redirect_uri(text) && redirect_uri_kind(text) != REDIRECT_HTTP;
}

static bool is_grant_type(const char *text)
{
	return words_contain(KNOWN_GRANT_TYPES, text);
}

static bool is_response_type(const char *text)
{
	return text_equal(text, "code");
}

/* Unknown ones are refused: they would demand nothing, and look as if they did. */
static bool is_acr(const char *text)
{
	return words_contain(ACR_VALUES_SUPPORTED, text);
}

static bool is_group_prefix(const char *text)
{
	return !text_empty(text) && !strchr(text, ' ') && !utf8_has_controls(text);
}

static bool is_public(const struct client *client)
{
	return text_equal(client->token_endpoint_auth_method, "none");
}

/* A public client's answers travel in the browser alone: no unencrypted way for them, but the same machine's. */
static enum client_metadata_result read_redirect_uris(struct arena *arena, const struct cJSON *object,
	struct client *client, const char **error)
{
	bool (*fits)(const char *text) = is_public(client) ? is_https_redirect_uri : is_redirect_uri;
	const char *what = "must be an absolute URI without fragment, user name or wildcard; plain http is for "
		"confidential clients and for this same machine alone (OAuth 2.1 2.3; RFC 8252 7).";

	client->redirect_uris = read_list(arena, object, "redirect_uris", fits, error);
	if (!client->redirect_uris) {
		*error = arena_format(arena, "%s Each %s", *error, what);
		return CLIENT_METADATA_INVALID_REDIRECT_URI;
	}
	if (!*client->redirect_uris && words_contain(client->grant_types, "authorization_code")) {
		*error = "redirect_uris is missing: a client with the grant authorization_code needs at least one.";
		return CLIENT_METADATA_INVALID_REDIRECT_URI;
	}
	client->post_logout_redirect_uris = read_list(arena, object, "post_logout_redirect_uris", fits, error);
	if (!client->post_logout_redirect_uris) {
		*error = arena_format(arena, "%s Each %s", *error, what);
		return CLIENT_METADATA_INVALID;
	}
	return CLIENT_METADATA_FINE;
}

static bool read_lists(struct arena *arena, const struct cJSON *object, struct client *client, const char **error)
{
	const struct cJSON *mapping = member_value(object, "claim_mapping");

	client->grant_types = read_list(arena, object, "grant_types", is_grant_type, error);
	if (!client->grant_types) {
		*error = arena_format(arena, "%s Known are: %s.", *error, KNOWN_GRANT_TYPES);
		return false;
	}
	if (!*client->grant_types)
		client->grant_types = "authorization_code";
	if (!read_list(arena, object, "response_types", is_response_type, error)) {
		*error = arena_format(arena, "%s The only response type is code (OAuth 2.1).", *error);
		return false;
	}
	client->default_acr_values = read_list(arena, object, "default_acr_values", is_acr, error);
	if (!client->default_acr_values) {
		*error = arena_format(arena, "%s Known are: " ACR_VALUES_SUPPORTED ".", *error);
		return false;
	}
	if (!*client->default_acr_values)
		client->default_acr_values = NULL;
	client->claim_rules.groups_filter = read_list(arena, object, "groups_filter", is_group_prefix, error);
	if (!client->claim_rules.groups_filter)
		return false;
	client->claim_rules.mapping = mapping ? claim_mapping_read(arena, mapping, error) : "";
	return client->claim_rules.mapping != NULL;
}

/* The keys of private_key_jwt (RFC 7591 2). A client has keys or a secret, never both. */
static bool read_keys(struct arena *arena, const struct cJSON *object, struct client *client, const char **error)
{
	bool by_key = text_equal(client->token_endpoint_auth_method, "private_key_jwt");
	const struct cJSON *jwks = member_value(object, "jwks");

	if (member_value(object, "jwks_uri")) {
		*error = "jwks_uri is not supported yet: register the keys themselves as jwks.";
		return false;
	}
	if (by_key != (jwks != NULL)) {
		*error = by_key ? "jwks is missing: private_key_jwt needs the client's public keys."
				: "jwks is only for a client with token_endpoint_auth_method private_key_jwt.";
		return false;
	}
	if (by_key && member_value(object, "client_secret")) {
		*error = "client_secret contradicts token_endpoint_auth_method private_key_jwt.";
		return false;
	}
	client->jwks = jwks ? client_keys_read(arena, jwks, error) : NULL;
	return !jwks || client->jwks;
}

static bool read_identity(struct arena *arena, const struct cJSON *object, struct client *client, const char **error)
{
	const struct cJSON *id = member_value(object, "client_id");
	const struct cJSON *secret = member_value(object, "client_secret");
	const char *text = json_string(secret);

	if (id) {
		client->client_id = arena_text(arena, json_string(id));
		if (text_empty(client->client_id) || strlen(client->client_id) > CLIENT_ID_LONGEST || !is_visible_ascii(client->client_id)) {
			*error = "client_id must be 1 to 128 visible ASCII characters (RFC 6749 A.1).";
			return false;
		}
	}
	if (secret && (!text || strlen(text) < CLIENT_SECRET_SHORTEST || strlen(text) > CLIENT_SECRET_LONGEST || !is_printable_ascii(text))) {
		*error = "client_secret must be 32 to 256 printable ASCII characters (RFC 6749 A.2).";
		return false;
	}
	if (secret && is_public(client)) {
		*error = "client_secret contradicts token_endpoint_auth_method none: a public client has no secret.";
		return false;
	}
	if (!client->client_name)
		client->client_name = client->client_id;
	return true;
}

/* What the invariants keep from public clients: 1 (PKCE), 12 (consent), and RFC 6749 4.4. NULL, or what is wrong. */
static const char *public_problem(const struct client *client)
{
	if (!is_public(client))
		return NULL;
	if (!text_equal(client->pkce, "required"))
		return "pkce must be required for a public client: nothing else protects its codes (RFC 9700 2.1.1).";
	if (text_equal(client->consent, "none"))
		return "consent none is for confidential clients alone: anybody can pretend to be a public one (RFC 8252 8.6).";
	if (words_contain(client->grant_types, "client_credentials"))
		return "grant_types: client_credentials is for confidential clients alone (RFC 6749 4.4).";
	return NULL;
}

enum client_metadata_result client_metadata_read(struct arena *arena, const struct cJSON *object,
	struct client *client, const char **error)
{
	*client = (struct client){ .client_id = client->client_id };
	*error = "Client metadata must be a JSON object (RFC 7591 2).";
	if (!json_is_object(object))
		return CLIENT_METADATA_INVALID;
	for (size_t i = 0; i < MEMBERS; i++)
		if ((*error = read_member(arena, &members[i], object, client)))
			return CLIENT_METADATA_INVALID;
	if (!read_identity(arena, object, client, error) || !read_lists(arena, object, client, error) || !read_keys(arena, object, client, error))
		return CLIENT_METADATA_INVALID;
	if ((*error = public_problem(client)))
		return CLIENT_METADATA_INVALID;
	return read_redirect_uris(arena, object, client, error);
}

const char *client_metadata_secret(const struct cJSON *object)
{
	return json_string(member_value(object, "client_secret"));
}

static void write_member(struct buffer *out, const struct member *member, struct client *client)
{
	switch (member->kind) {
	case MEMBER_BOOL:
		json_bool(out, member->name, *bool_field(client, member));
		break;
	case MEMBER_SECONDS:
		if (*number_field(client, member) > 0)
			json_number(out, member->name, *number_field(client, member));
		break;
	case MEMBER_NUMBER:
		if (*number_field(client, member) >= 0)
			json_number(out, member->name, *number_field(client, member));
		break;
	default:
		json_text(out, member->name, *text_field(client, member));
		break;
	}
}

void client_metadata_write(struct buffer *out, const struct client *client, const char *secret)
{
	struct client copy = *client;

	json_object_open(out, NULL);
	json_text(out, "client_id", client->client_id);
	json_number(out, "client_id_issued_at", client->created_at);
	if (secret) {
		json_text(out, "client_secret", secret);
		json_number(out, "client_secret_expires_at", 0);
	}
	json_words(out, "redirect_uris", client->redirect_uris);
	json_words(out, "post_logout_redirect_uris", client->post_logout_redirect_uris);
	json_words(out, "grant_types", client->grant_types);
	json_words(out, "response_types", words_contain(client->grant_types, "authorization_code") ? "code" : "");
	for (size_t i = 0; i < MEMBERS; i++)
		write_member(out, &members[i], &copy);
	if (client->default_acr_values)
		json_words(out, "default_acr_values", client->default_acr_values);
	json_words(out, "groups_filter", client->claim_rules.groups_filter);
	client_keys_write(out, "jwks", client->jwks);
	if (!text_empty(client->claim_rules.mapping))
		claim_mapping_write(out, "claim_mapping", client->claim_rules.mapping);
	json_object_close(out);
}
