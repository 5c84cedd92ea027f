/* latchkey client add: metadata from a file, from options, or both; options win. */
#include <string.h>

#include "commands/client.h"
#include "commands/commands.h"
#include "commands/keys_make.h"
#include "lib/base/json.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/crypto/random.h"
#include "lib/protocol/client_metadata.h"
#include "lib/protocol/redirect_uri.h"
#include "lib/records/audit_store.h"
#include "lib/records/user_store.h"

/* Options in the order of RFC 7591 2, then our own. Their kinds as JSON are in the lists below; the rest are texts. */
const struct command_option client_add_options[] = {
	{ "metadata", OPTION_VALUE, "FILE", "All members as one JSON object; - is standard input." },
	{ "client-id", OPTION_VALUE, "ID", "Made up if left out." },
	{ "client-secret", OPTION_VALUE, "SECRET", "At least 32 characters; made up if left out." },
	{ "client-name", OPTION_VALUE, "TEXT", "Shown on the consent page; the id if left out." },
	{ "redirect-uris", OPTION_LIST, "URI", "Where answers may go; compared to the byte." },
	{ "post-logout-redirect-uris", OPTION_LIST, "URI", "Where a browser may go after signing out." },
	{ "token-endpoint-auth-method", OPTION_VALUE, "METHOD", "none (a public client), client_secret_basic, client_secret_post, private_key_jwt; either secret one if left out." },
	{ "token-endpoint-auth-signing-alg", OPTION_VALUE, "ALG", "The only algorithm of its assertions; any of its keys if left out." },
	{ "jwks", OPTION_VALUE, "JSON", "Its public keys for private_key_jwt, as a JWK Set." },
	{ "application-type", OPTION_VALUE, "TYPE", "web (default) or native." },
	{ "grant-types", OPTION_LIST, "TYPE", "authorization_code (default), refresh_token, client_credentials." },
	{ "response-types", OPTION_LIST, "TYPE", "code is the only one." },
	{ "scope", OPTION_VALUE, "WORDS", "What it may ask for; openid profile email address phone groups offline_access if left out." },
	{ "client-uri", OPTION_VALUE, "URL", "Its home page." },
	{ "logo-uri", OPTION_VALUE, "URL", "Its logo." },
	{ "policy-uri", OPTION_VALUE, "URL", "Its privacy policy." },
	{ "tos-uri", OPTION_VALUE, "URL", "Its terms of service." },
	{ "contacts", OPTION_LIST, "ADDRESS", "Ignored." },
	{ "default-max-age", OPTION_VALUE, "SECONDS", "Users prove who they are at least so often." },
	{ "require-auth-time", OPTION_VALUE, "BOOL", "true or false (default)." },
	{ "id-token-signed-response-alg", OPTION_VALUE, "ALG", "RS256 (default), PS256, ES256 or EdDSA; the keys are made when missing." },
	{ "pkce", OPTION_VALUE, "RULE", "required (default); confidential clients also: nonce, optional." },
	{ "refresh-grace-seconds", OPTION_VALUE, "SECONDS", "How long a used refresh token gives the same successor." },
	{ "refresh-idle-seconds", OPTION_VALUE, "SECONDS", "After how long without use its refresh tokens end." },
	{ "refresh-seconds", OPTION_VALUE, "SECONDS", "After how long they end in any case." },
	{ "access-token-seconds", OPTION_VALUE, "SECONDS", "How long its access tokens are good." },
	{ "require-pushed-authorization-requests", OPTION_VALUE, "BOOL", "true: it must push its authorization requests (RFC 9126)." },
	{ "introspection", OPTION_VALUE, "RULE", "all: it may ask about any token, not about its own alone." },
	{ "consent", OPTION_VALUE, "RULE", "remember (default), always; confidential clients also: none." },
	{ "id-token-claims", OPTION_VALUE, "RULE", "full (default) or minimal." },
	{ "access-token-format", OPTION_VALUE, "FORMAT", "jwt (default) or opaque." },
	{ "resource-handling", OPTION_VALUE, "RULE", "honour (default) or ignore." },
	{ "groups-filter", OPTION_LIST, "PREFIX", "Only groups that begin with one of these." },
	{ "claim-mapping", OPTION_VALUE, "JSON", "{\"claim\": {\"value\": …}} or {\"claim\": {\"claim\": \"groups\", \"type\": \"string\"}}." },
	{ "trace", OPTION_VALUE, "BOOL", "true: its requests are explained in the log, for demonstrations." },
	{ 0 },
};

#define BOOL_OPTIONS "require-auth-time require-pushed-authorization-requests trace"
#define NUMBER_OPTIONS "default-max-age refresh-grace-seconds refresh-idle-seconds refresh-seconds access-token-seconds"
#define JSON_OPTIONS "claim-mapping jwks"

/* The member that an option stands for: --client-name is client_name. */
static char *member_name(struct arena *arena, const char *option)
{
	char *name = arena_text(arena, option);

	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	return name;
}

static void write_option(struct cli *cli, struct buffer *out, const struct command_option *option)
{
	const char *value = cli_option(cli, option->name);
	char *name = member_name(cli->arena, option->name);
	int64_t number;

	if (option->kind == OPTION_LIST) {
		json_array_open(out, name);
		for (int i = 0; (value = cli_option_at(cli, option->name, i)); i++)
			json_text(out, NULL, value);
		json_array_close(out);
	} else if (words_contain(BOOL_OPTIONS, option->name)) {
		if (!words_contain("true false", value))
			cli_usage(cli->command, "--%s must be true or false.", option->name);
		json_bool(out, name, text_equal(value, "true"));
	} else if (words_contain(NUMBER_OPTIONS, option->name)) {
		if (!text_to_number(value, &number))
			cli_usage(cli->command, "--%s must be a number of seconds.", option->name);
		json_number(out, name, number);
	} else if (words_contain(JSON_OPTIONS, option->name)) {
		const char *why = NULL;
		const struct cJSON *json = json_parse(cli->arena, value, strlen(value), &why);

		if (!json)
			cli_fail("--%s is no valid JSON: %s.", option->name, why);
		json_raw(out, name, json_print(cli->arena, json));
	} else {
		json_text(out, name, value);
	}
}

/* Members of the file, unless an option gives them. */
static void write_file_members(struct cli *cli, struct buffer *out, const char *path)
{
	size_t length;
	char *text = input_read(cli->arena, path, &length);
	const char *why = NULL;
	const struct cJSON *object = json_parse(cli->arena, text, length, &why);

	if (!object)
		cli_fail("The metadata is no valid JSON: %s.", why);
	if (!json_is_object(object))
		cli_fail("The metadata must be one JSON object (RFC 7591 2).");
	for (const struct cJSON *item = json_next(object, NULL); item; item = json_next(object, item)) {
		bool overridden = false;

		for (const struct command_option *o = client_add_options + 1; o->name; o++)
			if (cli_option(cli, o->name) && text_equal(member_name(cli->arena, o->name), json_name(item)))
				overridden = true;
		if (!overridden)
			json_raw(out, json_name(item), json_print(cli->arena, item));
	}
}

static const struct cJSON *read_metadata(struct cli *cli)
{
	struct buffer out = buffer_create(cli->arena, 1024);
	const char *path = cli_option(cli, "metadata");
	const char *why = NULL;
	const struct cJSON *object;

	json_object_open(&out, NULL);
	if (path)
		write_file_members(cli, &out, path);
	for (const struct command_option *o = client_add_options + 1; o->name; o++)
		if (cli_option(cli, o->name))
			write_option(cli, &out, o);
	json_object_close(&out);
	object = json_parse(cli->arena, out.data, out.length, &why);
	if (!object)
		cli_fail("The metadata is not valid: %s.", why);
	return object;
}

/* What the operator should know about what was just allowed. */
static void warn(struct arena *arena, const struct client *client)
{
	const char *cursor = client->redirect_uris;
	const char *uri;

	if (!text_equal(client->pkce, "required"))
		cli_note("Note: pkce is %s, so codes of this client are less protected than with required.", client->pkce);
	if (text_equal(client->consent, "none"))
		cli_note("Note: consent is none, so users are never asked what this client may have.");
	while ((uri = words_next(arena, &cursor)))
		if (redirect_uri_kind(uri) == REDIRECT_HTTP)
			cli_note("Note: %s is not encrypted: whoever listens on that network can take its codes.", uri);
}

void client_add_run(struct cli *cli)
{
	const struct cJSON *metadata = read_metadata(cli);
	struct client client = { .client_id = random_alphanumeric(cli->arena, CLIENT_ID_LENGTH) };
	const char *secret = NULL;
	const char *error = NULL;

	switch (client_metadata_read(cli->arena, metadata, &client, &error)) {
	case CLIENT_METADATA_FINE:
		break;
	case CLIENT_METADATA_INVALID_REDIRECT_URI:
		cli_fail("invalid_redirect_uri: %s", error);
	case CLIENT_METADATA_INVALID:
		cli_fail("invalid_client_metadata: %s", error);
	}
	cli_database(cli);
	if (user_find(cli->database, client.client_id))
		cli_fail("%s is the sub of a user: choose another client_id.", client.client_id);
	if (client_find(cli->database, client.client_id))
		cli_fail("There is a client %s already; `latchkey client remove` removes it.", client.client_id);
	client.created_at = cli->now;
	if (!client_is_public(&client) && !client.jwks) {
		secret = client_metadata_secret(metadata);
		if (!secret)
			secret = random_alphanumeric(cli->arena, CLIENT_SECRET_LENGTH);
		client.secret = sealed_client_secret(cli, client.client_id, secret);
	}

	key_ensure(cli, client.id_token_signed_response_alg, NULL);
	database_begin(cli->database, DATABASE_DURABLE);
	if (!client_insert(cli->database, &client)) {
		database_rollback(cli->database);
		cli_fail("There is a client %s already; `latchkey client remove` removes it.", client.client_id);
	}
	cli_audit(cli, AUDIT_CLIENT_ADDED, NULL, client.client_id,
		arena_format(cli->arena, "pkce %s, consent %s", client.pkce, client.consent));
	database_commit(cli->database);
	client_print(cli, &client, secret);
	warn(cli->arena, &client);
}
