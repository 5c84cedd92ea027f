/* latchkey user reset-mfa: for who lost every second factor, after the operator made sure who asks. */
#include <inttypes.h>
#include <stdio.h>

#include "commands/commands.h"
#include "lib/base/json_write.h"
#include "lib/process/process.h"
#include "lib/records/audit_store.h"
#include "lib/records/limit_store.h"
#include "lib/records/outbox_store.h"
#include "lib/records/passkey_store.h"
#include "lib/records/recovery_code_store.h"
#include "lib/records/session_store.h"
#include "lib/records/totp_store.h"
#include "lib/records/user_store.h"

struct removed {
	bool totp;
	int64_t recovery_codes, passkeys, sessions;
	bool password_short; /* and now stands alone */
};

/* The user is told: it may have been somebody else who asked the operator. */
static void tell(struct cli *cli, const struct user *user, const char *factor)
{
	outbox_add(cli->database, &(struct outbox_row){ .kind = OUTBOX_FACTOR_REMOVED, .user_id = user->user_id,
		.detail = factor, .created_at = cli->now });
}

static struct removed remove_factors(struct cli *cli, const struct user *user)
{
	struct removed removed;

	database_begin(cli->database, DATABASE_DURABLE);
	removed.totp = totp_row_remove(cli->database, user->user_id);
	removed.recovery_codes = recovery_code_remove_all(cli->database, user->user_id);
	removed.passkeys = passkey_remove_all(cli->database, user->user_id);
	removed.sessions = session_end_all(cli->database, user->user_id, NULL);
	limit_clear(cli->database, arena_format(cli->arena, "second_factor:account:%s", user->user_id));
	if (removed.totp)
		tell(cli, user, "totp");
	if (removed.passkeys > 0)
		tell(cli, user, "passkey");
	cli_audit(cli, AUDIT_FACTORS_RESET, user->user_id, NULL, NULL);
	const struct user *left = user_find(cli->database, user->user_id);
	removed.password_short = left && left->password && left->password_short;
	database_commit(cli->database);
	if (removed.totp || removed.passkeys > 0)
		process_wake(config_file(cli->arena, cli->config, "mail/wake"));
	return removed;
}

void user_reset_mfa_run(struct cli *cli)
{
	cli_database(cli);
	const struct user *user = user_find_by_username(cli->database, cli->argument);
	if (!user)
		cli_fail("There is no user %s; `latchkey user list` shows all names.", cli->argument);
	struct removed removed = remove_factors(cli, user);
	if (removed.password_short)
		cli_note("The password of %s is shorter than one without a second factor may be (password_min_length = %" PRId64
			"): `latchkey user set-password %s` sets a longer one.", user->username, cli->config->password_min_length, user->username);
	if (!cli->json) {
		printf("%s: %s, recovery codes removed: %" PRId64 ", passkeys removed: %" PRId64 ", sessions ended: %" PRId64 ".\n",
			user->username, removed.totp ? "the authenticator app was removed" : "there was no authenticator app",
			removed.recovery_codes, removed.passkeys, removed.sessions);
		return;
	}
	struct buffer out = buffer_create(cli->arena, 256);
	json_object_open(&out, NULL);
	json_text(&out, "sub", user->user_id);
	json_text(&out, "username", user->username);
	json_bool(&out, "totp_removed", removed.totp);
	json_number(&out, "recovery_codes_removed", removed.recovery_codes);
	json_number(&out, "passkeys_removed", removed.passkeys);
	json_number(&out, "sessions_ended", removed.sessions);
	json_bool(&out, "short_password", removed.password_short);
	json_object_close(&out);
	cli_print(out.data);
}
