/* latchkey session list | end: where users are signed in. */
#include <inttypes.h>
#include <stdio.h>

#include "commands/commands.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/http/user_agent.h"
#include "lib/protocol/acr.h"
#include "lib/records/audit_store.h"
#include "lib/records/grant_store.h"
#include "lib/records/session_store.h"
#include "lib/records/sign_out_store.h"
#include "lib/records/user_store.h"

enum { PAGE = 500 };

const struct command_option session_list_options[] = {
	{ "user", OPTION_VALUE, "NAME", "Only the sessions of this user." },
	{ 0 },
};

const struct command_option session_end_options[] = {
	{ "user", OPTION_VALUE, "NAME", "All sessions of this user." },
	{ "all", OPTION_FLAG, NULL, "All sessions of everybody." },
	{ 0 },
};

struct session_output {
	struct cli *cli;
	const char *username; /* NULL: each session says it */
	struct buffer json;
	struct table *table;
	const char *user_id, *sid; /* of the last one */
	int64_t created_at;
	int count;
};

static void add_session(void *context, const struct session *session)
{
	struct session_output *output = context;
	struct arena *arena = output->cli->arena;
	const char *username = output->username ? output->username : session->username;
	const char *device = user_agent_text(arena, session->user_agent);

	output->count++;
	output->user_id = session->user_id;
	output->sid = session->sid;
	output->created_at = session->created_at;
	json_object_open(&output->json, NULL);
	json_text(&output->json, "sid", session->sid);
	json_text(&output->json, "sub", session->user_id);
	json_text(&output->json, "username", username);
	json_text(&output->json, "device", device);
	json_text(&output->json, "address", session->address);
	json_number(&output->json, "created_at", session->created_at);
	json_number(&output->json, "auth_time", session->auth_time);
	json_number(&output->json, "last_seen_at", session->last_seen_at);
	json_number(&output->json, "expires_at", session->expires_at);
	json_bool(&output->json, "two_factors", text_equal(session->acr, ACR_TWO_FACTORS));
	json_object_close(&output->json);

	table_cell(output->table, session->sid);
	table_cell(output->table, username);
	table_cell(output->table, device);
	table_cell(output->table, session->address);
	table_cell(output->table, cli_time(arena, session->created_at));
	table_cell(output->table, cli_time(arena, session->last_seen_at));
}

static const struct user *user_require(struct cli *cli, const char *name)
{
	const struct user *user = user_find_by_username(cli->database, name);

	if (!user)
		cli_fail("There is no user %s; `latchkey user list` shows all names.", name);
	return user;
}

static void list_user(struct session_output *output, const char *user_id)
{
	int64_t created_at = INT64_MAX;
	const char *sid = "";

	do {
		output->count = 0;
		session_list(output->cli->database, user_id, output->cli->now, created_at, sid, PAGE, add_session, output);
		created_at = output->created_at;
		sid = output->sid;
	} while (output->count == PAGE);
}

void session_list_run(struct cli *cli)
{
	static const char *const titles[] = { "ID", "USER", "DEVICE", "ADDRESS", "SIGNED IN", "LAST SEEN" };
	struct session_output output = { .cli = cli, .json = buffer_create(cli->arena, 4096) };
	const char *name = cli_option(cli, "user");

	output.table = table_create(cli->arena, titles, 6);
	cli_database(cli);
	json_array_open(&output.json, NULL);
	if (name) {
		const struct user *user = user_require(cli, name);

		output.username = user->username;
		list_user(&output, user->user_id);
	} else {
		do {
			output.count = 0;
			session_list_everywhere(cli->database, output.user_id, output.sid, cli->now, PAGE, add_session, &output);
		} while (output.count == PAGE);
	}
	json_array_close(&output.json);
	if (cli->json)
		cli_print(output.json.data);
	else
		table_print(output.table);
}

/* Each ends in the open transaction what signing out there would end. */
static struct signed_out end_one(struct cli *cli, const char *sid)
{
	const char *user_id = session_owner(cli->database, sid);
	struct signed_out ended;

	if (!user_id) {
		database_rollback(cli->database);
		cli_fail("There is no session %s; `latchkey session list` shows them all.", sid);
	}
	ended.sessions = session_end(cli->database, user_id, sid);
	ended.grants = grant_revoke_session(cli->database, sid, user_id, cli->now);
	audit_write(cli->database, &(struct audit_event){ .at = cli->now, .event = AUDIT_SESSION_ENDED, .user_id = user_id, .sid = sid,
		.detail = "command line" });
	return ended;
}

static struct signed_out end_user(struct cli *cli, const struct user *user)
{
	struct signed_out ended;

	ended.sessions = session_end_all(cli->database, user->user_id, NULL);
	/* No sid is empty: none is spared. */
	ended.grants = grant_revoke_other_sessions(cli->database, "", user->user_id, cli->now);
	cli_audit(cli, AUDIT_ALL_SESSIONS_ENDED, user->user_id, NULL, NULL);
	return ended;
}

static struct signed_out end_all(struct cli *cli)
{
	struct signed_out ended = sign_out_everyone(cli->database, cli->now);

	cli_audit(cli, AUDIT_ALL_SESSIONS_ENDED, NULL, NULL, "of everybody");
	return ended;
}

void session_end_run(struct cli *cli)
{
	const char *name = cli_option(cli, "user");
	bool everybody = cli_option(cli, "all") != NULL;
	struct buffer out = buffer_create(cli->arena, 128);
	const struct user *user = NULL;
	struct signed_out ended;

	if ((cli->argument != NULL) + (name != NULL) + everybody != 1)
		cli_usage(cli->command, "Either the ID of a session, --user or --all is needed.");
	cli_database(cli);
	if (name)
		user = user_require(cli, name);
	database_begin(cli->database, DATABASE_DURABLE);
	ended = everybody ? end_all(cli) : user ? end_user(cli, user) : end_one(cli, cli->argument);
	database_commit(cli->database);

	json_object_open(&out, NULL);
	json_number(&out, "sessions_ended", ended.sessions);
	json_number(&out, "grants_revoked", ended.grants);
	json_object_close(&out);
	if (cli->json)
		cli_print(out.data);
	else
		printf("Sessions ended: %" PRId64 ". Grants of applications revoked: %" PRId64 ".\n", ended.sessions, ended.grants);
}
