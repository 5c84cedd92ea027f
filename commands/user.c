/* latchkey user add | list | set-password | disable | enable */
#include <inttypes.h>
#include <stdio.h>

#include "commands/claims.h"
#include "commands/commands.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/crypto/random.h"
#include "lib/crypto/sealed_hash.h"
#include "lib/http/messages.h"
#include "lib/identity/password.h"
#include "lib/identity/username.h"
#include "lib/records/audit_store.h"
#include "lib/records/client_store.h"
#include "lib/records/grant_store.h"
#include "lib/records/session_store.h"
#include "lib/records/user_store.h"

enum { USER_ID_LENGTH = 22, PAGE = 500 }; /* 22 letters and digits: 130 random bits */

const struct command_option user_add_options[] = {
	{ "password-stdin", OPTION_FLAG, NULL, "Take the first line of standard input as the password." },
	{ "email", OPTION_VALUE, "ADDRESS", "The email claim; you vouch for it: email_verified is true unless --claims says otherwise." },
	{ "claims", OPTION_VALUE, "FILE", "More claims as one JSON object (OpenID Connect Core 5.1); - is standard input." },
	{ 0 },
};

const struct command_option user_password_options[] = {
	{ "password-stdin", OPTION_FLAG, NULL, "Take the first line of standard input as the password." },
	{ 0 },
};

static char *sealed_password(struct cli *cli, const struct user *user, const struct claims *claims, const char *password)
{
	const struct password_subject subject = password_subject_of(cli->arena, user->username, claims);
	const char *problem = password_check(cli->arena, cli->config, &subject, password);
	const char *error = NULL;
	char *sealed = NULL;

	if (text_equal(problem, "password_too_short"))
		cli_fail("The password is too short: at least %" PRId64 " characters (password_min_length in the configuration).",
			cli->config->password_min_length);
	if (problem)
		cli_fail("The password will not do: %s", message(problem));
	switch (sealed_hash_make(cli->arena, cli->config, password_purpose(cli->arena, user->user_id),
		password_normalise(cli->arena, password), &sealed, &error)) {
	case SEALED_HASH_MATCHES:
		return sealed;
	case SEALED_HASH_BUSY:
		cli_fail("The server is busy with other passwords; try again in a moment.");
	default:
		cli_fail("%s.", error ? error : "The password could not be hashed");
	}
}

/* The ids of users and clients never collide: some applications look both up in one table (invariant 13). */
static const char *new_user_id(struct cli *cli)
{
	const char *id;

	do
		id = random_alphanumeric(cli->arena, USER_ID_LENGTH);
	while (client_find(cli->database, id));
	return id;
}

static struct claims read_claims(struct cli *cli, const char *username)
{
	const char *path = cli_option(cli, "claims");
	size_t length = 0;
	char *json = NULL;

	if (text_equal(path, "-") && cli_option(cli, "password-stdin"))
		cli_usage(cli->command, "Password and claims cannot both come from standard input: name a file with --claims.");
	if (path)
		json = input_read(cli->arena, path, &length);
	return claims_check(cli, username, json, length, cli_option(cli, "email"));
}

static void insert_user(struct cli *cli, const struct user *user, const struct claims *claims)
{
	database_begin(cli->database, DATABASE_DURABLE);
	if (!user_insert(cli->database, user)) {
		database_rollback(cli->database);
		cli_fail("There is a user %s already.", user->username);
	}
	for (int i = 0; i < claims->count; i++)
		user_set_claim(cli->database, user->user_id, claims->items[i].name, claims->items[i].json);
	cli_audit(cli, AUDIT_USER_ADDED, user->user_id, NULL, NULL);
	database_commit(cli->database);
}

void user_add_run(struct cli *cli)
{
	struct buffer out = buffer_create(cli->arena, 256);
	struct user user = { .created_at = cli->now };
	struct claims claims;
	const char *password;

	if (!username_is_valid(cli->argument))
		cli_fail("%s cannot be a user name: 1 to %d letters, digits, '.', '_' or '-', a letter or digit first.",
			cli->argument, USERNAME_LONGEST);
	user.username = text_lowercase(cli->arena, cli->argument);
	claims = read_claims(cli, user.username);
	cli_database(cli);
	if (user_find_by_username(cli->database, user.username))
		cli_fail("There is a user %s already.", user.username);
	user.user_id = new_user_id(cli);
	password = input_password(cli, cli_option(cli, "password-stdin") != NULL);
	if (password) {
		user.password = sealed_password(cli, &user, &claims, password);
		user.password_changed_at = cli->now;
		user.password_short = password_is_short(cli->arena, cli->config, password);
	}
	insert_user(cli, &user, &claims);

	json_object_open(&out, NULL);
	json_text(&out, "sub", user.user_id);
	json_text(&out, "username", user.username);
	json_object_close(&out);
	if (cli->json)
		cli_print(out.data);
	else
		printf("The user %s was added, sub %s.\n", user.username, user.user_id);
	if (!password)
		cli_note("%s has no password and cannot sign in yet: `latchkey user set-password %s` sets one.",
			user.username, user.username);
}

struct user_output {
	struct cli *cli;
	struct buffer json;
	struct table *table;
	const char *last;
	int count;
};

static void add_user(void *context, const struct user *user)
{
	struct user_output *output = context;
	const char *state = user->disabled_at ? "disabled" : user->password ? "active" : "no password";

	output->last = user->username;
	output->count++;
	json_object_open(&output->json, NULL);
	json_text(&output->json, "sub", user->user_id);
	json_text(&output->json, "username", user->username);
	json_number(&output->json, "created_at", user->created_at);
	json_bool(&output->json, "password", user->password != NULL);
	json_bool(&output->json, "disabled", user->disabled_at != 0);
	json_object_close(&output->json);

	table_cell(output->table, user->username);
	table_cell(output->table, user->user_id);
	table_cell(output->table, state);
	table_cell(output->table, cli_time(output->cli->arena, user->created_at));
}

void user_list_run(struct cli *cli)
{
	static const char *const titles[] = { "NAME", "SUB", "STATE", "CREATED" };
	struct user_output output = { .cli = cli, .json = buffer_create(cli->arena, 4096) };

	output.table = table_create(cli->arena, titles, 4);
	cli_database(cli);
	json_array_open(&output.json, NULL);
	do {
		output.count = 0;
		user_list(cli->database, output.last, PAGE, add_user, &output);
	} while (output.count == PAGE);
	json_array_close(&output.json);
	if (cli->json)
		cli_print(output.json.data);
	else
		table_print(output.table);
}

static const struct user *require_user(struct cli *cli)
{
	const struct user *user;

	cli_database(cli);
	user = user_find_by_username(cli->database, cli->argument);
	if (!user)
		cli_fail("There is no user %s; `latchkey user list` shows all names.", cli->argument);
	return user;
}

static void report(struct cli *cli, const struct user *user, const char *what, int64_t sessions, int64_t grants)
{
	struct buffer out = buffer_create(cli->arena, 256);

	json_object_open(&out, NULL);
	json_text(&out, "sub", user->user_id);
	json_text(&out, "username", user->username);
	if (sessions >= 0)
		json_number(&out, "sessions_ended", sessions);
	if (grants >= 0)
		json_number(&out, "grants_revoked", grants);
	json_object_close(&out);
	if (cli->json) {
		cli_print(out.data);
		return;
	}
	printf("%s: %s.", user->username, what);
	if (sessions >= 0)
		printf(" Sessions ended: %" PRId64 ".", sessions);
	if (grants >= 0)
		printf(" Grants of applications revoked: %" PRId64 ".", grants);
	putchar('\n');
}

void user_set_password_run(struct cli *cli)
{
	const struct user *user = require_user(cli);
	const char *password = input_password(cli, cli_option(cli, "password-stdin") != NULL);
	struct claims claims;
	char *sealed;
	int64_t sessions;

	if (!password)
		cli_fail("Standard input is no terminal to ask for a password at: use --password-stdin.");
	claims = user_claims(cli->database, user->user_id);
	sealed = sealed_password(cli, user, &claims, password);
	database_begin(cli->database, DATABASE_DURABLE);
	user_set_password(cli->database, user->user_id, sealed, password_is_short(cli->arena, cli->config, password), cli->now);
	sessions = session_end_all(cli->database, user->user_id, NULL);
	cli_audit(cli, AUDIT_PASSWORD_CHANGED, user->user_id, NULL, NULL);
	database_commit(cli->database);
	report(cli, user, "the password was set", sessions, -1);
}

void user_disable_run(struct cli *cli)
{
	const struct user *user = require_user(cli);
	int64_t sessions, grants;

	database_begin(cli->database, DATABASE_DURABLE);
	if (!user->disabled_at)
		user_set_disabled(cli->database, user->user_id, cli->now);
	sessions = session_end_all(cli->database, user->user_id, NULL);
	grants = grant_revoke_user(cli->database, user->user_id, NULL, cli->now);
	cli_audit(cli, AUDIT_USER_DISABLED, user->user_id, NULL, NULL);
	database_commit(cli->database);
	report(cli, user, "the account is disabled", sessions, grants);
}

void user_enable_run(struct cli *cli)
{
	const struct user *user = require_user(cli);

	database_begin(cli->database, DATABASE_DURABLE);
	user_set_disabled(cli->database, user->user_id, 0);
	cli_audit(cli, AUDIT_USER_ENABLED, user->user_id, NULL, NULL);
	database_commit(cli->database);
	report(cli, user, "the account is enabled", -1, -1);
}
