/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The slow half of the probing, for doctor. A system call is asked with arguments that
 * can't succeed: an old kernel says ENOSYS, a new one finds the argument wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/devices.h"
#include "launcher/host.h"
#include "launcher/host_value.h"

#ifndef SYS_statmount
#define SYS_statmount 457 /* 6.8, the same number on every architecture */
#endif

static bool probe_openat2(void)
{
	_cleanup_fd_ int fd = sys_openat2(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0, RESOLVE_IN_ROOT);

	return fd >= 0;
}

/* A descriptor that isn't open: the kernel gets as far as looking it up, and makes no child. */
static bool probe_clone_into_cgroup(void)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = INT_MAX };

	return sys_clone3(&args) < 0 && errno == EBADF;
}

static bool probe_wait_killable(void)
{
	/* Known flags get as far as reading the filter at NULL; unknown ones are EINVAL. */
	return sys_seccomp(SECCOMP_SET_MODE_FILTER,
			   SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
			   NULL) < 0 &&
	       errno == EFAULT;
}

static bool probe_mount_setattr(void)
{
	struct mount_attr attr = { 0 };

	return mount_setattr(-1, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0 || errno != ENOSYS;
}

/* Never made into a mount. Without rights to ask, the version decides. */
static bool probe_tmpfs_noswap(const struct host *host)
{
	_cleanup_fd_ int fd = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (fd >= 0 && host->initial_userns)
		return fsconfig(fd, FSCONFIG_SET_FLAG, "noswap", NULL, 0) == 0;
	return host->kernel_major > 6 || (host->kernel_major == 6 && host->kernel_minor >= 3);
}

static bool probe_device_filter(void)
{
	struct bpf_insn insns[DEVICES_INSNS_MAX];
	int n = devices_compile(NULL, 0, insns);
	_cleanup_fd_ int fd = n > 0 ? devices_load(insns, (size_t)n, NULL) : -1;

	return fd >= 0;
}

static bool is_missing(long r)
{
	return r < 0 && errno == ENOSYS;
}

static void probe_calls(struct host_details *details)
{
	_cleanup_fd_ int fs = fsopen("proc", FSOPEN_CLOEXEC);

	details->fsopen = fs >= 0 || errno != ENOSYS;
	details->openat2 = probe_openat2();
	details->clone3 = !is_missing(syscall(SYS_clone3, NULL, 0));
	details->clone_into_cgroup = probe_clone_into_cgroup();
	details->open_tree = !is_missing(open_tree(-1, "", AT_EMPTY_PATH | OPEN_TREE_CLOEXEC));
	details->mount_setattr = probe_mount_setattr();
	details->wait_killable = probe_wait_killable();
	details->device_filter = probe_device_filter();
	details->statmount = !is_missing(syscall(SYS_statmount, NULL, NULL, 0, 0));
	details->tmpfs_noswap = probe_tmpfs_noswap(&details->host);
}

static bool probe_run_dir(const struct host *host)
{
	char above[HOST_PATH_MAX];
	char *slash;

	if (access(host->run_dir, F_OK) == 0)
		return faccessat(AT_FDCWD, host->run_dir, W_OK | X_OK, AT_EACCESS) == 0;
	memcpy(above, host->run_dir, sizeof(above));
	slash = strrchr(above, '/');
	if (!slash || slash == above)
		return false;
	*slash = '\0';
	return faccessat(AT_FDCWD, above, W_OK | X_OK, AT_EACCESS) == 0;
}

static void probe_settings(struct host_details *details)
{
	struct sysinfo info = { 0 };
	char text[160];

	details->max_user_namespaces = host_value_number("/proc/sys/user/max_user_namespaces", -1);
	details->unprivileged_userns_clone =
		(int)host_value_number("/proc/sys/kernel/unprivileged_userns_clone", -1);
	details->apparmor_restrict_userns =
		(int)host_value_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", -1);
	details->memfd_noexec = (int)host_value_number("/proc/sys/vm/memfd_noexec", -1);
	details->legacy_tiocsti = (int)host_value_number("/proc/sys/dev/tty/legacy_tiocsti", -1);
	details->selinux_enforce = (int)host_value_number("/sys/fs/selinux/enforce", -1);
	details->apparmor = host_value_text("/sys/module/apparmor/parameters/enabled", text, sizeof(text)) &&
			    str_equal(text, "Y");
	/* Compiled in but switched off, the file is there and reading fails. */
	details->psi = host_value_text("/proc/pressure/memory", text, sizeof(text)) && text[0] != '\0';
	host_value_text("/proc/sys/kernel/core_pattern", details->core_pattern,
			sizeof(details->core_pattern));
	host_value_text("/sys/kernel/security/lsm", details->lsm, sizeof(details->lsm));
	details->run_dir_usable = probe_run_dir(&details->host);
	details->swap = sysinfo(&info) == 0 && info.totalswap > 0;
}

int host_probe_all(struct host_details *ret, struct error *err)
{
	struct host_details details = { 0 };
	int r = host_probe(&details.host, err);

	if (r < 0)
		return r;
	probe_calls(&details);
	probe_settings(&details);
	*ret = details;
	return 0;
}
