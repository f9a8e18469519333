/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/proc.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

#define CAPS                                                                                                 \
	"CapInh:\t0000000000000001\nCapPrm:\t0000000000000002\nCapEff:\t0000000000000004\n"                  \
	"CapBnd:\t000001ffffffffff\nCapAmb:\t8000000000000000\n"
#define UID    "Uid:\t1\t2\t3\t4294967294\n"
#define GID    "Gid:\t5\t6\t7\t8\n"
#define OTHERS "Umask:\t0022\nGroups:\t\nSigBlk:\t0\nSigIgn:\t0\nSigCgt:\t0\n"
#define REST   "NoNewPrivs:\t1\nSeccomp:\t2\n"

static int parse(const char *text, struct proc_status *ret)
{
	char copy[8192];

	cr_assert(lt(sz, strlen(text), sizeof(copy)));
	strcpy(copy, text);
	return proc_status_parse(copy, ret);
}

Test(proc, reads_every_field_of_a_status_file)
{
	struct proc_status status;

	cr_assert(
		zero(int, parse("Name:\tsleep\nUmask:\t0027\nState:\tS (sleeping)\nPid:\t4711\n" UID GID
				"FDSize:\t64\nGroups:\t20 21 4294967294 \nNStgid:\t4711\t1\n"
				"NSpid:\t4711\t33\t1\nSigBlk:\t0000000000010000\nSigIgn:\t0000000000001000\n"
				"SigCgt:\t00000001800004ec\n" CAPS REST "Seccomp_filters:\t3\n"
				"Cpus_allowed:\t3\n",
				&status)));
	cr_assert(eq(u32, status.umask, 027));
	for (unsigned int i = 0; i < 3; i++) {
		cr_assert(eq(u32, status.uid[i], i + 1));
		cr_assert(eq(u32, status.gid[i], i + 5));
	}
	cr_assert(eq(u32, status.uid[3], 4294967294));
	cr_assert(eq(u32, status.gid[3], 8));
	cr_assert(eq(sz, status.n_groups, 3));
	cr_assert(eq(u32, status.groups[0], 20));
	cr_assert(eq(u32, status.groups[1], 21));
	cr_assert(eq(u32, status.groups[2], 4294967294));
	cr_assert(eq(int, status.ns_pid, 1));
	cr_assert(eq(u64, status.sig_blocked, 0x10000));
	cr_assert(eq(u64, status.sig_ignored, 0x1000));
	cr_assert(eq(u64, status.sig_caught, 0x1800004ec));
	cr_assert(eq(u64, status.cap_inheritable, 1));
	cr_assert(eq(u64, status.cap_permitted, 2));
	cr_assert(eq(u64, status.cap_effective, 4));
	cr_assert(eq(u64, status.cap_bounding, 0x1ffffffffff));
	cr_assert(eq(u64, status.cap_ambient, UINT64_C(1) << 63));
	cr_assert(status.no_new_privs);
	cr_assert(eq(int, status.seccomp_mode, 2));
	cr_assert(eq(int, status.seccomp_filters, 3));
}

Test(proc, says_so_when_the_kernel_does_not_count_filters)
{
	struct proc_status status;

	cr_assert(zero(int, parse(UID GID CAPS OTHERS "NoNewPrivs:\t0\nSeccomp:\t0\n", &status)));
	cr_assert(eq(int, status.seccomp_filters, -1));
	cr_assert(not(status.no_new_privs));
	cr_assert(zero(int, status.seccomp_mode));
	cr_assert(zero(sz, status.n_groups));
}

/* A field that is not there would read as 0: "no capabilities", "no filter". */
Test(proc, refuses_a_status_that_lacks_a_field)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"no colon at all",
		GID CAPS REST,
		UID CAPS REST,
		UID GID REST,
		UID GID CAPS "NoNewPrivs:\t1\n",
		UID GID CAPS "Seccomp:\t2\n",
		UID GID REST OTHERS "CapInh:\t0\nCapPrm:\t0\nCapBnd:\t0\nCapAmb:\t0\n", /* no CapEff */
		UID GID REST OTHERS "CapInh:\t0\nCapPrm:\t0\nCapEff:\tnone\nCapBnd:\t0\nCapAmb:\t0\n",
		UID GID CAPS REST "Umask:\t0022\nGroups:\t\n", /* no signal masks */
		"Uid:\t1\t2\t3\n" GID CAPS REST,
		"Uid:\troot\n" GID CAPS REST,
		UID "Gid:\t5 6 x 8\n" CAPS REST,
		"uid:\t1\t2\t3\t4\n" GID CAPS REST,
	};
	struct proc_status status;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		cr_assert(eq(int, parse(texts[i], &status), -EINVAL), "text %zu", i);
}

Test(proc, keeps_64_groups_when_there_are_more)
{
	char text[2048] = UID GID CAPS REST OTHERS "Groups:\t";
	struct proc_status status;

	for (unsigned int i = 0; i < PROC_GROUPS_MAX + 6; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u ", 100 + i);
	cr_assert(zero(int, parse(text, &status)));
	cr_assert(eq(sz, status.n_groups, PROC_GROUPS_MAX));
	cr_assert(eq(u32, status.groups[PROC_GROUPS_MAX - 1], 100 + PROC_GROUPS_MAX - 1));
}

Test(proc, reads_its_own_status)
{
	struct proc_status status;
	mode_t mask = umask(0135);
	gid_t groups[PROC_GROUPS_MAX];
	int n = getgroups(PROC_GROUPS_MAX, groups);

	cr_assert(zero(int, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)));
	cr_assert(zero(int, proc_status_read(getpid(), &status)));
	cr_assert(eq(u32, status.uid[0], getuid()));
	cr_assert(eq(u32, status.uid[1], geteuid()));
	cr_assert(eq(u32, status.gid[1], getegid()));
	cr_assert(eq(u32, status.umask, 0135));
	cr_assert(eq(int, (int)status.n_groups, n));
	cr_assert(eq(int, status.ns_pid, getpid()));
	cr_assert(status.no_new_privs);
	cr_assert(eq(int, status.seccomp_mode, prctl(PR_GET_SECCOMP, 0, 0, 0, 0)));
	for (int cap = 0; cap < 41; cap++)
		cr_assert(eq(int, status.cap_bounding >> cap & 1, prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1),
			  "capability %d", cap);
	umask(mask);
}

static pid_t child_that_waits(int *ret_go)
{
	int go[2];
	pid_t pid;
	char byte;

	cr_assert(zero(int, pipe2(go, O_CLOEXEC)));
	pid = fork();
	cr_assert(ge(int, pid, 0));
	if (pid == 0) {
		close(go[1]);
		_exit(read(go[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(go[0]);
	*ret_go = go[1];
	return pid;
}

Test(proc, finds_the_pid_behind_a_pidfd_until_it_is_gone)
{
	_cleanup_fd_ int go = -1, pidfd = -1;
	struct proc_status status;
	pid_t pid = child_that_waits(&go);

	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	cr_assert(ge(int, pidfd, 0));
	cr_assert(eq(int, proc_pidfd_pid(pidfd), pid));
	cr_assert(zero(int, proc_status_read(pid, &status)));
	fd_close(&go);
	cr_assert(eq(int, waitpid(pid, NULL, 0), pid));
	cr_assert(eq(int, proc_pidfd_pid(pidfd), -ESRCH));
	cr_assert(lt(int, proc_status_read(pid, &status), 0));
}

Test(proc, finds_no_pid_behind_another_kind_of_descriptor)
{
	_cleanup_fd_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	cr_assert(ge(int, fd, 0));
	cr_assert(eq(int, proc_pidfd_pid(fd), -EINVAL));
	cr_assert(eq(int, proc_pidfd_pid(-1), -ENOENT));
}
