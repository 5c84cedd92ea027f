#include "lib/process/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/process/process.h"

enum {
	SHORT_LIFE_MS = 1000, /* who ends by a fault this early would do so again at once */
	PAUSE_MS = 200,
	QUIET_MS = 500, /* without a request for so long, a process gives its code's pages back */
};

enum place { FREE, IDLE, WORKING };

/* What the process at each place does, in memory shared by all. A process writes its own, the supervisor begins and ends it. */
static volatile unsigned char *places;
static int most;

static struct worker {
	pid_t id;
	int64_t since_ms;
} workers[SUPERVISOR_MOST]; /* the supervisor's alone */

static int own_place = -1;          /* in a worker */
static int wish[2] = { -1, -1 };    /* a pipe: a byte says that nobody is idle */
static volatile sig_atomic_t leaving;
static volatile sig_atomic_t ended; /* a child did */
static volatile sig_atomic_t accepting;

static void on_term(int number)
{
	(void)number;
	leaving = 1;
	/* Nothing is under way, and accept() would go on waiting. */
	if (own_place >= 0 && accepting)
		_exit(0);
}

static void on_child(int number)
{
	(void)number;
	ended = 1;
}

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(number, &action, NULL);
}

bool supervisor_is_socket(int descriptor)
{
	int listens = 0;
	socklen_t size = sizeof listens;

	return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens;
}

static int count(enum place what)
{
	int found = 0;

	for (int i = 0; i < most; i++)
		found += places[i] == what;
	return found;
}

/* True in the new process. */
static bool start(const sigset_t *usual)
{
	int place = 0;
	pid_t parent = getpid();

	while (places[place] != FREE)
		place++;
	places[place] = IDLE;
	pid_t id = fork();
	if (id < 0) {
		log_write(LOG_ERROR, "no new process: fork failed with error %d", errno);
		places[place] = FREE;
		poll(NULL, 0, PAUSE_MS);
		return false;
	}
	if (id > 0) {
		workers[place] = (struct worker){ id, clock_milliseconds() };
		return false;
	}
	own_place = place;
	close(wish[0]);
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_SETMASK, usual, NULL);
	/* The supervisor may have gone before the kernel was asked to tell. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		_exit(1);
	return true;
}

static void bury(void)
{
	int status;
	pid_t id;

	ended = 0;
	while ((id = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < most; i++) {
			if (places[i] == FREE || workers[i].id != id)
				continue;
			bool fault = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
			if (fault)
				log_write(LOG_WARNING, "process %ld ended by %s %d", (long)id, WIFEXITED(status) ? "status" : "signal",
					WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
			if (fault && clock_milliseconds() - workers[i].since_ms < SHORT_LIFE_MS)
				poll(NULL, 0, PAUSE_MS);
			places[i] = FREE;
		}
	}
}

static _Noreturn void end_all(void)
{
	for (int i = 0; i < most; i++)
		if (places[i] != FREE)
			kill(workers[i].id, SIGTERM);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	_exit(0);
}

/* While nobody is idle the supervisor watches the socket: whoever waits there gets one more process. */
void supervisor_run(int socket, int processes)
{
	sigset_t mine;
	sigset_t usual;
	char bytes[64];

	most = processes > SUPERVISOR_MOST ? SUPERVISOR_MOST : processes;
	places = mmap(NULL, SUPERVISOR_MOST, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (places == MAP_FAILED || pipe2(wish, O_CLOEXEC | O_NONBLOCK) != 0)
		_exit(1);
	/* Signals come in while ppoll() waits and at no other time: none is missed between a look and the wait. */
	sigemptyset(&mine);
	sigaddset(&mine, SIGTERM);
	sigaddset(&mine, SIGINT);
	sigaddset(&mine, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mine, &usual);
	handle(SIGTERM, on_term);
	handle(SIGINT, on_term);
	handle(SIGCHLD, on_child);
	process_forget_code(); /* of it, the supervisor needs the few lines below */

	while (!leaving) {
		struct pollfd events[] = { { .fd = wish[0], .events = POLLIN }, { .fd = socket, .events = POLLIN } };
		bool watch = count(IDLE) == 0 && count(FREE) > 0;
		int ready = ppoll(events, watch ? 2 : 1, NULL, &usual);
		bool somebody = ready > 0 && watch && events[1].revents;

		if (ended)
			bury();
		if (ready > 0 && events[0].revents)
			while (read(wish[0], bytes, sizeof bytes) > 0)
				;
		if (somebody && !leaving && count(IDLE) == 0 && count(FREE) > 0 && start(&usual))
			return;
	}
	end_all();
}

bool supervisor_wait(int socket, int idle_ms)
{
	struct pollfd event = { .fd = socket, .events = POLLIN };

	accepting = 1;
	if (leaving)
		return false;
	int ready = poll(&event, 1, idle_ms < QUIET_MS ? idle_ms : QUIET_MS);
	if (ready == 0 && idle_ms > QUIET_MS && !leaving) {
		process_forget_code();
		ready = poll(&event, 1, idle_ms - QUIET_MS);
	}
	return ready > 0 && !leaving;
}

void supervisor_working(bool working)
{
	accepting = 0;
	places[own_place] = working ? WORKING : IDLE;
	if (!working || count(IDLE) > 0 || count(FREE) == 0)
		return;
	ssize_t written = write(wish[1], "+", 1);
	(void)written; /* a full pipe says so as well */
}

bool supervisor_is_leaving(void)
{
	return leaving != 0;
}
