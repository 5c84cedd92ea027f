#include "commands/deliver/keeper.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/base/config.h"
#include "lib/base/log.h"
#include "lib/database/database.h"

enum { ARENA_LIMIT = 262144, LOOK_MS = 60000 };

static void on_database_failure(void *context, const char *message)
{
	(void)context;
	log_write(LOG_WARNING, "%s", message);
	_exit(1);
}

/* Until the configuration or the database is another one. */
static void hold(struct arena *arena)
{
	const char *error;
	struct database *db = NULL;
	const struct config *config = config_load(arena, config_path(), &error);

	if (config)
		database_open(arena, config_file(arena, config, "database"), "audit_seals", NULL, on_database_failure, NULL, &db, &error);
	do
		poll(NULL, 0, LOOK_MS);
	while (config && db && config_is_current(config) && database_is_current(db));
	if (db)
		database_release(db, true);
}

static _Noreturn void keep(pid_t parent)
{
	struct arena *arena = arena_create(ARENA_LIMIT);
	sigset_t none;

	close_range(3, ~0U, 0); /* the FIFO's lock must end with the one who watches it */
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!arena || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		_exit(1);
	for (;; arena_reset(arena))
		hold(arena);
}

pid_t keeper_start(void)
{
	pid_t parent = getpid(), child = fork();

	if (child == 0)
		keep(parent);
	return child;
}
