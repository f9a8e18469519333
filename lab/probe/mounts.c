/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D1: mounts and namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "lab/probe/attempt.h"
#include "lab/probe/numbers.h"

enum { LISTED_MAX = 64 };

struct mount_request { /* struct mnt_id_req of 6.8, 24 bytes: VER0 */
	uint32_t size;
	uint32_t spare;
	uint64_t mnt_id;
	uint64_t param;
};

static long mount_new(const struct probe *probe, struct outcome *out)
{
	const char *target = attempt_directory();
	bool bind = probe->a & MS_BIND;

	if (mount(bind ? "/proc" : probe->text, target, bind ? NULL : probe->text, (unsigned long)probe->a,
		  NULL) < 0)
		return -1;
	attempt_note(out, "mounted on %s", target);
	umount2(target, MNT_DETACH);
	return 0;
}

static unsigned long mount_flags(const struct statvfs *st)
{
	static const struct {
		unsigned long seen, flag;
	} known[] = {
		{ ST_RDONLY, MS_RDONLY },     { ST_NOSUID, MS_NOSUID },   { ST_NODEV, MS_NODEV },
		{ ST_NOEXEC, MS_NOEXEC },     { ST_NOATIME, MS_NOATIME }, { ST_NODIRATIME, MS_NODIRATIME },
		{ ST_RELATIME, MS_RELATIME },
	};
	unsigned long flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (st->f_flag & known[i].seen)
			flags |= known[i].flag;
	}
	return flags;
}

static long remount_writable(const struct probe *probe, struct outcome *out)
{
	unsigned long flags;
	struct statvfs st;

	(void)probe;
	if (statvfs("/", &st) < 0)
		return attempt_step(out, "statvfs");
	flags = mount_flags(&st) | MS_REMOUNT | MS_BIND;
	if (mount(NULL, "/", NULL, flags & ~(unsigned long)MS_RDONLY, NULL) < 0)
		return -1;
	attempt_note(out, "/ was %s before", flags & MS_RDONLY ? "read-only" : "writable");
	mount(NULL, "/", NULL, flags, NULL);
	return 0;
}

/*
 * MNT_EXPIRE goes through every permission check and detaches nothing: a mount
 * in use answers EBUSY, an idle one is only marked (EAGAIN, umount2(2)).
 */
static long unmount_mask(const struct probe *probe, struct outcome *out)
{
	if (umount2(probe->text, MNT_EXPIRE) == 0)
		return 0;
	if (errno != EBUSY && errno != EAGAIN)
		return -1;
	attempt_note(out, "permitted (%s)", strerrorname_np(errno));
	return 0;
}

static long pivot(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	(void)out;
	return syscall(SYS_pivot_root, "/", "/");
}

static bool is_root(const struct stat *root)
{
	struct stat st;

	return stat(".", &st) == 0 && st.st_dev == root->st_dev && st.st_ino == root->st_ino;
}

static bool climb(const struct stat *root)
{
	for (int i = 0; i < 64; i++) {
		if (chdir("..") < 0)
			return false;
	}
	return !is_root(root);
}

static long chroot_escape(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat root;

	(void)probe;
	if (fd < 0 || fstat(fd, &root) < 0)
		return attempt_step(out, "open /");
	if (chroot(attempt_directory()) < 0)
		return -1;
	if (fchdir(fd) < 0)
		return attempt_step(out, "fchdir");
	attempt_note(out, climb(&root) ? "left the root" : "chroot worked, nothing lies above the root");
	return 0;
}

static long fs_open(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	(void)out;
	return syscall(SYS_fsopen, "tmpfs", 0);
}

static long fs_pick(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	(void)out;
	return syscall(SYS_fspick, AT_FDCWD, "/", 0);
}

static long open_tree_clone(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	(void)out;
	return syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | AT_RECURSIVE);
}

/* Descriptors that are none: behind the permission check it can only fail. */
static long move_nothing(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	(void)out;
	return syscall(SYS_move_mount, -1, "", -1, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static long set_attributes(const struct probe *probe, struct outcome *out)
{
	struct mount_attr none = { 0 };

	(void)probe;
	(void)out;
	return syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &none, sizeof(none));
}

static long join_mount_namespace(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open(probe->text, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return attempt_step(out, "open of the namespace");
	return setns(fd, CLONE_NEWNS);
}

static long join_nothing(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	(void)out;
	return setns(-1, CLONE_NEWNS);
}

enum { FDS_MAX = 8192 };

static long join_inherited(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	for (int fd = 3; fd < FDS_MAX; fd++) {
		if (setns(fd, 0) == 0) {
			attempt_note(out, "descriptor %d is a namespace from outside", fd);
			return fd;
		}
		if (errno != EBADF && errno != EINVAL) { /* EINVAL: open, but no namespace */
			attempt_note(out, "descriptor %d", fd);
			return -1;
		}
	}
	errno = EBADF;
	return -1;
}

static long unshare_flag(const struct probe *probe, struct outcome *out)
{
	(void)out;
	return unshare((int)probe->a);
}

static long reap(pid_t pid)
{
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, __WALL);
	return pid;
}

static long clone_flags(const struct probe *probe, struct outcome *out)
{
	(void)out;
	return reap((pid_t)syscall(SYS_clone, (unsigned long)probe->a | SIGCHLD, 0, 0, 0, 0));
}

static long clone_three(const struct probe *probe, struct outcome *out)
{
	uint64_t args[8] = { [0] = (uint64_t)probe->a, [4] = SIGCHLD }; /* flags, exit_signal */

	(void)out;
	return reap((pid_t)syscall(SYS_clone3, args, sizeof(args)));
}

static long list_mounts(const struct probe *probe, struct outcome *out)
{
	struct mount_request request = { .size = sizeof(request), .mnt_id = UINT64_MAX }; /* LSMT_ROOT */
	uint64_t ids[LISTED_MAX];
	long n;

	(void)probe;
	if (attempt_kernel_before(6, 8))
		return attempt_untestable(out, "listmount came with Linux 6.8");
	n = syscall(NR_LISTMOUNT, &request, ids, LISTED_MAX, 0);
	if (n >= 0)
		attempt_note(out, "%ld mounts below the root", n);
	return n;
}

static long stat_mount(const struct probe *probe, struct outcome *out)
{
	struct mount_request list = { .size = sizeof(list), .mnt_id = UINT64_MAX };
	struct mount_request request = { .size = sizeof(request), .param = 1 }; /* STATMOUNT_SB_BASIC */
	uint64_t id = 1, buffer[128];

	(void)probe;
	if (attempt_kernel_before(6, 8))
		return attempt_untestable(out, "statmount came with Linux 6.8");
	syscall(NR_LISTMOUNT, &list, &id, 1, 0);
	request.mnt_id = id;
	return syscall(NR_STATMOUNT, &request, buffer, sizeof(buffer), 0);
}

#define HIGH_BIT (1L << 32)

const struct probe probes_mounts[] = {
	{ 1, "mount-tmpfs", "mount a tmpfs", mount_new, PROBE_CHILD, .text = "tmpfs" },
	{ 2, "mount-proc", "mount a proc file system without masks", mount_new, PROBE_CHILD, .text = "proc" },
	{ 3, "remount-root", "remount / writable", remount_writable, PROBE_CHILD },
	{ 4, "bind-proc", "bind /proc to another place", mount_new, PROBE_CHILD, .a = MS_BIND },
	{ 5, "umount-proc", "unmount /proc", unmount_mask, PROBE_CHILD, .text = "/proc" },
	{ 5, "umount-dev", "unmount /dev", unmount_mask, PROBE_CHILD, .text = "/dev" },
	{ 6, "pivot-root", "pivot_root on the root itself", pivot, PROBE_CHILD },
	{ 7, "chroot-escape", "chroot below, climb above the root", chroot_escape, PROBE_CHILD },
	{ 8, "fsopen", "configure a new file system", fs_open, 0 },
	{ 8, "fspick", "reconfigure the root's file system", fs_pick, 0 },
	{ 9, "open-tree-clone", "clone the mount tree", open_tree_clone, 0 },
	{ 10, "move-mount", "move a mount (EBADF: the call is open)", move_nothing, 0 },
	{ 11, "mount-setattr", "change the root's mount flags", set_attributes, 0 },
	{ 12, "setns-init", "join the mount namespace of pid 1", join_mount_namespace, PROBE_CHILD,
	  .text = "/proc/1/ns/mnt" },
	{ 12, "setns-own", "join the own mount namespace", join_mount_namespace, PROBE_CHILD,
	  .text = "/proc/self/ns/mnt" },
	{ 12, "setns-nothing", "setns on no descriptor (EBADF: the call is open)", join_nothing,
	  PROBE_CHILD },
	{ 13, "setns-inherited", "join a namespace through an inherited descriptor", join_inherited,
	  PROBE_CHILD },
	{ 14, "unshare-user", "unshare a user namespace", unshare_flag, PROBE_CHILD, .a = CLONE_NEWUSER },
	{ 15, "unshare-mount", "unshare the mount namespace", unshare_flag, PROBE_CHILD, .a = CLONE_NEWNS },
	{ 15, "unshare-net", "unshare the network namespace", unshare_flag, PROBE_CHILD, .a = CLONE_NEWNET },
	{ 15, "unshare-cgroup", "unshare the cgroup namespace", unshare_flag, PROBE_CHILD,
	  .a = CLONE_NEWCGROUP },
	{ 15, "unshare-uts", "unshare the UTS namespace", unshare_flag, PROBE_CHILD, .a = CLONE_NEWUTS },
	{ 15, "unshare-ipc", "unshare the IPC namespace", unshare_flag, PROBE_CHILD, .a = CLONE_NEWIPC },
	{ 15, "unshare-pid", "unshare the pid namespace", unshare_flag, PROBE_CHILD, .a = CLONE_NEWPID },
	{ 15, "unshare-time", "unshare the time namespace", unshare_flag, PROBE_CHILD, .a = 0x80 },
	{ 16, "clone-user", "clone into a user namespace", clone_flags, PROBE_CHILD, .a = CLONE_NEWUSER },
	/* The kernel cuts clone's flags to 32 bits: a filter that compares 64 is passed. */
	{ 16, "clone-user-bit32", "clone into a user namespace, with a flag bit that only a filter sees",
	  clone_flags, PROBE_CHILD, .a = CLONE_NEWUSER | HIGH_BIT },
	{ 16, "clone-mount", "clone into a mount namespace", clone_flags, PROBE_CHILD, .a = CLONE_NEWNS },
	{ 17, "clone3", "clone3 as a plain fork", clone_three, PROBE_CHILD },
	{ 17, "clone3-user", "clone3 into a user namespace", clone_three, PROBE_CHILD, .a = CLONE_NEWUSER },
	{ 18, "listmount", "list mounts by id", list_mounts, 0 },
	{ 18, "statmount", "describe a mount by id", stat_mount, 0 },
	{ 0 },
};
