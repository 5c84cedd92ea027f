#include "lib/endpoint/fastcgi.h"

#include <fcgiapp.h>
#include <limits.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/process/process.h"
#include "lib/process/supervisor.h"

enum { IDLE_MS = 60000, USUAL_PROCESSES = 4, USUAL_REQUESTS = 10000 };

static size_t read_stream(const struct channel *channel, char *bytes, size_t length, int wait_ms)
{
	const FCGX_Request *request = channel->connection;
	(void)wait_ms; /* web servers send bodies that they have whole, and the alarm ends what hangs */
	int got = FCGX_GetStr(bytes, length > INT_MAX ? INT_MAX : (int)length, request->in);
	return got > 0 ? (size_t)got : 0;
}

static bool write_stream(const struct channel *channel, struct iovec *parts, int count)
{
	const FCGX_Request *request = channel->connection;
	for (int i = 0; i < count; i++)
		if (parts[i].iov_len && FCGX_PutStr(parts[i].iov_base, (int)parts[i].iov_len, request->out) != (int)parts[i].iov_len)
			return false;
	return true;
}

static const struct config *read_config(const struct kept *kept)
{
	const char *error;
	const struct config *config = config_load(kept->arena, config_path(), &error);
	if (!config)
		log_write(LOG_ERROR, "%s", error);
	return config;
}

void fastcgi_main(struct context *c, struct kept *kept)
{
	FCGX_Request request;
	const struct config *config = read_config(kept);
	int64_t processes = config ? config->fastcgi_processes : USUAL_PROCESSES;
	int64_t left = config ? config->fastcgi_requests : USUAL_REQUESTS;

	/*
	 * Sign-ins wait for one of argon2_slots, each in a process of its own: so the wait is bounded by argon2_wait_ms, as it is
	 * under CGI, and not by the patience of the web server's queue.
	 */
	if (words_contain(endpoint.keys, "credentials"))
		processes = SUPERVISOR_MOST;
	kept->stays = true;
	alarm(0);
	arena_reset(kept->arena);
	supervisor_run(STDIN_FILENO, (int)processes);
	bool first = true;

	if (FCGX_Init() != 0 || FCGX_InitRequest(&request, STDIN_FILENO, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		process_leave(1);
	while (left-- > 0 && supervisor_wait(STDIN_FILENO, IDLE_MS) && FCGX_Accept_r(&request) == 0) {
		supervisor_working(true);
		alarm(PROCESS_SECONDS);
		const struct channel channel = { .environment = request.envp, .read = read_stream, .write = write_stream, .connection = &request };
		serve_refresh(kept);
		serve_request(c, kept, &channel);
		FCGX_Finish_r(&request);
		/* A connection that the web server would keep would be this process's alone: others could not share its load. */
		FCGX_Free(&request, 1);
		alarm(0);
		if (first)
			process_forget_code(); /* that of the beginning: configuration, database, statements, keys */
		first = false;
		supervisor_working(false);
		if (c->failed || supervisor_is_leaving())
			break;
	}
	process_leave(0);
}
