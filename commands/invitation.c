/* latchkey invitation add | list | remove: who may make an account where not everybody may. */
#include <stdio.h>
#include <string.h>

#include "commands/commands.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/records/audit_store.h"
#include "lib/records/invitation_store.h"

enum { DAY = 86400, DAYS_USUAL = 7, DAYS_MOST = 365, EMAIL_LONGEST = 254, ID_BYTES = 8 };

const struct command_option invitation_add_options[] = {
	{ "email", OPTION_VALUE, "ADDRESS", "Whom it is for: the account will have this address; you vouch for it." },
	{ "days", OPTION_VALUE, "N", "How long it lasts, 1 to 365 days; 7 if left out." },
	{ 0 },
};

/* The beginning of the hash: names the row, and tells nothing of the token. */
static const char *id_of(struct arena *arena, const unsigned char *hash)
{
	char id[ID_BYTES * 2 + 1];

	for (size_t i = 0; i < ID_BYTES; i++)
		snprintf(id + i * 2, 3, "%02x", hash[i]);
	return arena_text(arena, id);
}

static int64_t days_option(struct cli *cli)
{
	const char *text = cli_option(cli, "days");
	int64_t days = DAYS_USUAL;

	if (text && (!text_to_number(text, &days) || days < 1 || days > DAYS_MOST))
		cli_usage(cli->command, "--days %s is no number from 1 to %d.", text, DAYS_MOST);
	return days;
}

static const char *email_option(struct cli *cli)
{
	const char *email = cli_option(cli, "email");
	const char *at = email ? strrchr(email, '@') : NULL;

	if (!email)
		return NULL;
	if (!at || at == email || !at[1] || strpbrk(email, " \t<>\",;") || strlen(email) > EMAIL_LONGEST
		|| !utf8_valid(email, strlen(email)) || utf8_has_controls(email))
		cli_fail("%s is no e-mail address.", email);
	return email;
}

void invitation_add_run(struct cli *cli)
{
	struct invitation invitation = { .email = email_option(cli), .created_at = cli->now,
		.expires_at = cli->now + days_option(cli) * DAY };
	struct buffer out = buffer_create(cli->arena, 512);
	const char *token = random_token(cli->arena), *url, *id;

	cli_database(cli);
	invitation.invitation_hash = sha256_of(cli->arena, token);
	id = id_of(cli->arena, invitation.invitation_hash);
	url = arena_format(cli->arena, "%s?invitation=%s", config_endpoint_url(cli->arena, cli->config, "signup"), token);
	database_begin(cli->database, DATABASE_DURABLE);
	invitation_insert(cli->database, &invitation);
	cli_audit(cli, AUDIT_INVITATION_ADDED, NULL, NULL, id);
	database_commit(cli->database);

	json_object_open(&out, NULL);
	json_text(&out, "id", id);
	json_text(&out, "url", url);
	json_text(&out, "email", invitation.email);
	json_number(&out, "expires_at", invitation.expires_at);
	json_object_close(&out);
	if (cli->json)
		cli_print(out.data);
	else
		printf("%s\nThe link makes one account, until %s. It is not shown again.\n", url, cli_time(cli->arena, invitation.expires_at));
	if (cli->config->signup == SIGNUP_OFF)
		cli_note("signup is off in the configuration: the link leads nowhere until it is invitation or on.");
}

struct invitation_output {
	struct cli *cli;
	struct buffer json;
	struct table *table;
};

static void add_invitation(void *context, const struct invitation *invitation)
{
	struct invitation_output *output = context;
	struct cli *cli = output->cli;
	const char *id = id_of(cli->arena, invitation->invitation_hash);

	if (invitation->expires_at <= cli->now)
		return;
	json_object_open(&output->json, NULL);
	json_text(&output->json, "id", id);
	json_text(&output->json, "email", invitation->email);
	json_number(&output->json, "created_at", invitation->created_at);
	json_number(&output->json, "expires_at", invitation->expires_at);
	json_object_close(&output->json);

	table_cell(output->table, id);
	table_cell(output->table, invitation->email);
	table_cell(output->table, cli_time(cli->arena, invitation->created_at));
	table_cell(output->table, cli_time(cli->arena, invitation->expires_at));
}

void invitation_list_run(struct cli *cli)
{
	static const char *const titles[] = { "ID", "EMAIL", "CREATED", "EXPIRES" };
	struct invitation_output output = { cli, buffer_create(cli->arena, 1024), table_create(cli->arena, titles, 4) };

	cli_database(cli);
	json_array_open(&output.json, NULL);
	invitation_list(cli->database, add_invitation, &output);
	json_array_close(&output.json);
	if (cli->json)
		cli_print(output.json.data);
	else
		table_print(output.table);
}

static int digit(char character)
{
	const char *digits = "0123456789abcdef", *found = character ? strchr(digits, character) : NULL;

	return found ? (int)(found - digits) : -1;
}

static bool read_id(const char *id, unsigned char *bytes)
{
	if (strlen(id) != (size_t)ID_BYTES * 2)
		return false;
	for (size_t i = 0; i < ID_BYTES; i++) {
		int high = digit(id[i * 2]), low = digit(id[i * 2 + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

void invitation_remove_run(struct cli *cli)
{
	unsigned char first[SHA256_BYTES], last[SHA256_BYTES];
	struct buffer out = buffer_create(cli->arena, 128);

	memset(first, 0x00, sizeof first);
	memset(last, 0xff, sizeof last);
	cli_database(cli);
	database_begin(cli->database, DATABASE_DURABLE);
	if (!read_id(cli->argument, first) || !read_id(cli->argument, last)
		|| invitation_remove_between(cli->database, first, last) == 0) {
		database_rollback(cli->database);
		cli_fail("There is no invitation %s; `latchkey invitation list` shows all.", cli->argument);
	}
	cli_audit(cli, AUDIT_INVITATION_REMOVED, NULL, NULL, cli->argument);
	database_commit(cli->database);

	json_object_open(&out, NULL);
	json_text(&out, "id", cli->argument);
	json_object_close(&out);
	if (cli->json)
		cli_print(out.data);
	else
		printf("The invitation %s was taken back: its link leads nowhere now.\n", cli->argument);
}
