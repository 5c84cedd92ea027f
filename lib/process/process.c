#include "lib/process/process.h"

#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void prepare_descriptors(void)
{
	/* A program started without descriptors 0 to 2 would open its database as one of them and print into it. */
	int fd;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd < 0)
		_exit(1);
	close_range(3, ~0U, 0);
}

static void prepare_signals(void)
{
	static const int usual[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGCHLD, SIGUSR1, SIGUSR2 };
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		signal(usual[i], SIG_DFL);
	signal(SIGPIPE, SIG_IGN);

	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void process_wake(const char *fifo)
{
	/* Without a reader a FIFO does not open for writing without waiting: then cron sends. Never any other kind of file. */
	struct stat status;
	int fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode)) {
		ssize_t written = write(fd, "w", 1);
		(void)written; /* a full FIFO wakes as well */
	}
	close(fd);
}

void process_prepare(void)
{
	prepare_descriptors();
	prepare_signals();
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	umask(077);
	alarm(PROCESS_SECONDS);
	unsetenv("HTTP_PROXY");
	unsetenv("HTTPS_PROXY");
	unsetenv("ALL_PROXY");
}

/* Code that nothing was ever written to (relocations, debuggers), or the change would be lost. */
static int forget_code(struct dl_phdr_info *object, size_t size, void *nothing)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)nothing;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X) || part->p_flags & PF_W)
			continue;
		uintptr_t begin = (object->dlpi_addr + part->p_vaddr) & ~(page - 1);
		uintptr_t end = (object->dlpi_addr + part->p_vaddr + part->p_memsz + page - 1) & ~(page - 1);
		madvise((void *)begin, end - begin, MADV_DONTNEED);
	}
	return 0;
}

void process_forget_code(void)
{
	dl_iterate_phdr(forget_code, NULL);
}

void process_leave(int status)
{
	_exit(status);
}
