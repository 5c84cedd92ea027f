/* The machine: its disk, its clock, its kernel. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "commands/doctor/doctor.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/records/audit_store.h"

enum { MEBIBYTE = 1024 * 1024, SPACE_NEEDED = 64, SPACE_WANTED = 512, INODES_NEEDED = 1000 };

static const int64_t FIRST_RELEASE = 1762000000, PLAUSIBLE_END = 4102444800; /* November 2025, 2100 */

void check_space(struct doctor *d)
{
	struct statvfs status;

	if (statvfs(config_file(d->arena, d->config, "database"), &status) != 0) {
		problem(d, "Correct `directory` in the configuration.", "The disk cannot be looked at: %s.", strerror(errno));
		return;
	}
	long long free_mib = (long long)(status.f_bavail * status.f_frsize / MEBIBYTE);
	if ((status.f_flag & ST_RDONLY) != 0)
		problem(d, arena_format(d->arena, "`mount -o remount,rw` what holds %s; the kernel makes a disk read-only after faults: "
			"`journalctl -k`.", d->config->directory),
			"The disk is read-only: nobody can sign in.");
	else if (free_mib < SPACE_NEEDED)
		problem(d, arena_format(d->arena, "Make room: `df -h %s`; `latchkey gc` removes what expired.", d->config->directory),
			"The disk is full but for %lld MiB: soon nobody can sign in.", free_mib);
	else if (status.f_files > 0 && status.f_favail < INODES_NEEDED)
		problem(d, arena_format(d->arena, "Remove files: `df -i %s`.", d->config->directory),
			"The disk has room for %lld files more, no others.",
			(long long)status.f_favail);
	else if (free_mib < SPACE_WANTED)
		advise(d, arena_format(d->arena, "Make room: `df -h %s`.", d->config->directory), "%lld MiB of the disk are free.", free_mib);
	else
		fine(d, "%lld MiB of the disk are free.", free_mib);
}

void check_file_system(struct doctor *d)
{
	static const struct {
		unsigned long type;
		const char *name;
		bool network;
	} known[] = {
		{ 0x6969, "NFS", true }, { 0xff534d42, "CIFS", true }, { 0xfe534d42, "SMB", true }, { 0x517b, "SMB", true }, { 0x00c36400,
			"Ceph", true },
		{ 0x5346414f, "AFS", true }, { 0x01021997, "9P", true }, { 0x65735546, "FUSE", true }, { 0x0bd00bd0, "Lustre", true },
		{ 0x01021994, "tmpfs", false }, { 0x858458f6, "ramfs", false },
	};
	struct statfs status;

	if (statfs(config_file(d->arena, d->config, "database"), &status) != 0) {
		skip(d, "The file system cannot be looked at: %s.", strerror(errno));
		return;
	}
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (known[i].type != ((unsigned long)status.f_type & 0xffffffff))
			continue;
		if (known[i].network)
			advise(d, "Move the installation to a disk of this machine and correct `directory`.",
				"The database lies on %s: SQLite's WAL needs shared memory and locks that network file systems do not keep.",
					known[i].name);
		else if (!is_local(d->config))
			advise(d, "Move the installation to a disk and correct `directory`.",
				"The database lies on %s: all is lost when this machine is switched off.",
				known[i].name);
	}
	fine(d, "The database lies on a disk of this machine.");
}

void check_clock(struct doctor *d)
{
	static const char advice[] = "Set the clock: `timedatectl set-ntp true`, or `date -s`.";
	char text[32];

	clock_format(d->cli->now, text);
	if (d->cli->now < FIRST_RELEASE || d->cli->now > PLAUSIBLE_END)
		problem(d, advice, "The clock says %s: clients refuse all tokens.", text);
	else
		fine(d, "The clock says %s.", text);
}

void check_ntp(struct doctor *d)
{
	static const char *const words[] = { "/usr/bin/timedatectl", "show", "-p", "NTPSynchronized", "--value", NULL };
	size_t length;
	int status = 0;
	const char *said = access(words[0], X_OK) == 0 ? run_program(d, words, 256, &length, &status) : NULL;

	if (said && status == 0 && text_starts_with(said, "yes"))
		fine(d, "The clock is synchronised.");
	else if (said && status == 0 && text_starts_with(said, "no"))
		advise(d, "`timedatectl set-ntp true`", "The clock is not synchronised: clients refuse tokens of a clock that is off by minutes.");
	else
		skip(d, "timedatectl cannot tell here.");
}

void check_kernel(struct doctor *d)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	bool seccomp = prctl(PR_GET_SECCOMP) >= 0 && access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0;

	if (abi < 1)
		advise(d, "Use a kernel from 5.13 on, with `landlock` in its boot parameter `lsm=`.",
			"This kernel has no Landlock: a program that was taken over could open other files.");
	if (!seccomp)
		advise(d, "Use a kernel with CONFIG_SECCOMP_FILTER.", "This kernel has no seccomp filters.");
	fine(d, "Landlock (version %ld) and seccomp are there.", abi);
}
