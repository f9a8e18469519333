/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The floor under the start of a container: the same kernel objects, and nothing else. No
 * profile is read, nothing is checked or verified, no filter, no log, no supervisor.
 *
 *   bare ROOTFS COMMAND [ARG...]
 *
 * One clone3 into a new group and eight new namespaces; the root bound read-only, proc, a
 * tmpfs /dev with the five usual nodes, pivot_root; execve; wait; the group removed.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HOST_ID = 200000, LAUNCHER_FAILED = 125 };

static const char *const nodes[] = { "null", "zero", "full", "random", "urandom" };

static void write_file(int dirfd, const char *name, const char *value)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err(LAUNCHER_FAILED, "write %s", name);
	close(fd);
}

/* Return: the new group's directory, or -1 where no cgroup v2 hierarchy can be written. */
static int make_group(const char *name, int *ret_parent)
{
	static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	int fd;

	*ret_parent = -1;
	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		fd = open(mounts[i], O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (faccessat(fd, "cgroup.procs", W_OK, 0) == 0 && mkdirat(fd, name, 0755) == 0) {
			*ret_parent = fd;
			fd = openat(fd, name, O_DIRECTORY | O_CLOEXEC);
			if (fd < 0)
				err(LAUNCHER_FAILED, "open group %s", name);
			return fd;
		}
		close(fd);
	}
	return -1;
}

/* The limits that the profile has too; a hybrid host lacks the controllers. */
static void limit_group(int fd)
{
	if (faccessat(fd, "memory.max", W_OK, 0) == 0) {
		write_file(fd, "memory.max", "67108864");
		write_file(fd, "memory.high", "60397977");
		write_file(fd, "memory.oom.group", "1");
	}
	if (faccessat(fd, "pids.max", W_OK, 0) == 0)
		write_file(fd, "pids.max", "16");
	if (faccessat(fd, "cpu.max", W_OK, 0) == 0)
		write_file(fd, "cpu.max", "50000 100000");
}

static void write_maps(pid_t pid)
{
	char path[64], map[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	fd = open(path, O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err(LAUNCHER_FAILED, "open %s", path);
	snprintf(map, sizeof(map), "0 %d 1", HOST_ID);
	write_file(fd, "setgroups", "deny");
	write_file(fd, "uid_map", map);
	write_file(fd, "gid_map", map);
	close(fd);
}

static void must_mount(const char *from, const char *to, const char *type, unsigned long flags,
		       const char *data)
{
	if (mount(from, to, type, flags, data) < 0)
		err(LAUNCHER_FAILED, "mount on %s", to);
}

static void make_root(const char *rootfs)
{
	char from[64], to[64];

	must_mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL);
	must_mount(NULL, rootfs, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL);
	if (chdir(rootfs) < 0)
		err(LAUNCHER_FAILED, "enter %s", rootfs);
	must_mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=invisible,subset=pid");
	must_mount("dev", "dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k");
	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++) {
		snprintf(from, sizeof(from), "/dev/%s", nodes[i]);
		snprintf(to, sizeof(to), "dev/%s", nodes[i]);
		if (mknod(to, S_IFREG | 0666, 0) < 0)
			err(LAUNCHER_FAILED, "create %s", to);
		must_mount(from, to, NULL, MS_BIND, NULL);
	}
	must_mount(NULL, "dev", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC, NULL);
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		err(LAUNCHER_FAILED, "pivot_root to %s", rootfs);
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		err(LAUNCHER_FAILED, "leave the old root");
}

static void run_child(int go, const char *rootfs, char **command)
{
	char byte;

	if (read(go, &byte, 1) != 1) /* the id maps are written */
		_exit(LAUNCHER_FAILED);
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		err(LAUNCHER_FAILED, "become id 0");
	make_root(rootfs);
	execv(command[0], command);
	err(LAUNCHER_FAILED, "execute %s", command[0]);
}

int main(int argc, char **argv)
{
	int go[2], group, parent, status;
	struct clone_args args = { 0 };
	char name[32];
	pid_t pid;

	if (argc < 3)
		errx(LAUNCHER_FAILED, "usage: bare ROOTFS COMMAND [ARG...]");

	snprintf(name, sizeof(name), "bare-%d", getpid());
	group = make_group(name, &parent);
	if (group >= 0)
		limit_group(group);
	if (pipe2(go, O_CLOEXEC) < 0)
		err(LAUNCHER_FAILED, "pipe");

	args.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
		     CLONE_NEWCGROUP | CLONE_NEWTIME;
	args.exit_signal = SIGCHLD;
	if (group >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)group;
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		err(LAUNCHER_FAILED, "clone3");
	if (pid == 0)
		run_child(go[0], argv[1], argv + 2);

	write_maps(pid);
	if (write(go[1], "", 1) != 1 || waitpid(pid, &status, 0) < 0)
		err(LAUNCHER_FAILED, "wait for the command");
	if (group >= 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0)
		err(LAUNCHER_FAILED, "remove group %s", name);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
