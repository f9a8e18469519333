/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/diagnosis.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "base/str.h"
#include "launcher/host.h"

enum { LANDLOCK_ABI_BEST = 6 }; /* the newest that the launcher makes use of */

#define SYSCTL_REMEDY(name, value)                                                                           \
	"sysctl -w " name "=" value "; to keep it: echo '" name " = " value "' >>/etc/sysctl.d/99-kapsel.conf"

static void found(struct diagnosis_answer *answer, const char *format, ...) _printf_(2, 3);
static void remedy(struct diagnosis_answer *answer, const char *format, ...) _printf_(2, 3);

static void found(struct diagnosis_answer *answer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(answer->found, sizeof(answer->found), format, args);
	va_end(args);
}

static void remedy(struct diagnosis_answer *answer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(answer->remedy, sizeof(answer->remedy), format, args);
	va_end(args);
}

/* The answer of a row that only asks whether something is there. */
static void present(struct diagnosis_answer *answer, bool there, enum diagnosis_state otherwise,
		    const char *what)
{
	answer->state = there ? DIAGNOSIS_OK : otherwise;
	found(answer, "%s", there ? "available" : "not available");
	if (!there)
		remedy(answer, "%s", what);
}

static void assess_kernel(const struct diagnosis *row, const struct host_details *d,
			  struct diagnosis_answer *answer)
{
	(void)row;
	found(answer, "Linux %u.%u", d->host.kernel_major, d->host.kernel_minor);
	if (d->host.kernel_major > 6 || (d->host.kernel_major == 6 && d->host.kernel_minor >= 1))
		return;
	answer->state = DIAGNOSIS_MISSING;
	remedy(answer, "use Linux 6.1 or newer");
}

static void assess_caller(const struct diagnosis *row, const struct host_details *d,
			  struct diagnosis_answer *answer)
{
	(void)row;
	if (host_privileged(&d->host)) {
		found(answer, "root%s", d->host.initial_userns ? "" : " of a user namespace");
	} else if (d->host.euid == 0) {
		answer->state = DIAGNOSIS_LIMITED;
		found(answer, "root without the capabilities SYS_ADMIN, SETUID, SETGID and CHOWN");
		remedy(answer, "start as root with these capabilities, or as an ordinary user");
	} else {
		found(answer, "user %u, without privileges", d->host.euid);
	}
}

static void assess_user_namespaces(const struct diagnosis *row, const struct host_details *d,
				   struct diagnosis_answer *answer)
{
	(void)row;
	if (d->host.user_namespaces) {
		found(answer, "allowed");
		return;
	}
	answer->state = DIAGNOSIS_MISSING;
	if (d->max_user_namespaces == 0) {
		found(answer, "forbidden by user.max_user_namespaces = 0");
		remedy(answer, SYSCTL_REMEDY("user.max_user_namespaces", "15000"));
	} else if (d->max_user_namespaces < 0) {
		found(answer, "this kernel has none");
		remedy(answer, "use a kernel with CONFIG_USER_NS=y");
	} else if (d->unprivileged_userns_clone == 0) {
		found(answer, "forbidden by kernel.unprivileged_userns_clone = 0");
		remedy(answer, SYSCTL_REMEDY("kernel.unprivileged_userns_clone", "1"));
	} else {
		found(answer, "without rights, by kernel.apparmor_restrict_unprivileged_userns = 1");
		remedy(answer,
		       "as root, write /etc/apparmor.d/kapsel: \"abi <abi/4.0>, profile kapsel /usr/bin/kapsel "
		       "flags=(unconfined) { userns, }\" and run: apparmor_parser -r /etc/apparmor.d/kapsel");
	}
}

static void assess_subordinate_ids(const struct diagnosis *row, const struct host_details *d,
				   struct diagnosis_answer *answer)
{
	const struct host *host = &d->host;

	(void)row;
	if (host_privileged(host)) {
		found(answer, "not needed by root");
		return;
	}
	answer->state = DIAGNOSIS_LIMITED;
	if (host->subuid_count == 0 || host->subgid_count == 0) {
		found(answer, "no range for user %u in /etc/subuid and /etc/subgid", host->euid);
		remedy(answer,
		       "as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "
		       "$(id -un %u)",
		       host->euid);
	} else if (!host->have_newuidmap) {
		found(answer, "no newuidmap and newgidmap in /usr/bin");
		remedy(answer, "install the package uidmap (Debian, Ubuntu) or shadow-utils (Fedora)");
	} else if (host->subuid_first != host->subgid_first) {
		found(answer, "uids start at %" PRIu32 ", gids at %" PRIu32, host->subuid_first,
		      host->subgid_first);
		remedy(answer, "give both the same first number in /etc/subuid and /etc/subgid");
	} else {
		answer->state = DIAGNOSIS_OK;
		found(answer, "%" PRIu32 " from %" PRIu32,
		      host->subuid_count < host->subgid_count ? host->subuid_count : host->subgid_count,
		      host->subuid_first);
	}
}

static void assess_time_namespace(const struct diagnosis *row, const struct host_details *d,
				  struct diagnosis_answer *answer)
{
	(void)row;
	present(answer, d->host.time_namespace, DIAGNOSIS_MISSING, "use a kernel with CONFIG_TIME_NS=y");
}

static void assess_landlock(const struct diagnosis *row, const struct host_details *d,
			    struct diagnosis_answer *answer)
{
	(void)row;
	if (d->host.landlock_abi < 1) {
		answer->state = DIAGNOSIS_MISSING;
		found(answer, "not active%s%s", d->lsm[0] ? "; active are " : "", d->lsm);
		if (d->lsm[0])
			remedy(answer,
			       "put lsm=landlock,%s on the kernel command line (needs "
			       "CONFIG_SECURITY_LANDLOCK=y)",
			       d->lsm);
		else
			remedy(answer,
			       "put lsm=landlock, and behind it what the kernel log calls \"initializing lsm=\", "
			       "on the kernel command line (needs CONFIG_SECURITY_LANDLOCK=y)");
		return;
	}
	found(answer, "ABI %d", d->host.landlock_abi);
	if (d->host.landlock_abi < LANDLOCK_ABI_BEST) {
		answer->state = DIAGNOSIS_LIMITED;
		remedy(answer,
		       "Linux 6.12 has ABI 6: signals and abstract sockets stay within the container");
	}
}

static void assess_seccomp(const struct diagnosis *row, const struct host_details *d,
			   struct diagnosis_answer *answer)
{
	(void)row;
	if (!d->host.seccomp_notify) {
		answer->state = DIAGNOSIS_MISSING;
		found(answer, "no user notification");
		remedy(answer,
		       "use a kernel with CONFIG_SECCOMP_FILTER=y; in a container, let that one allow seccomp(2)");
	} else if (!d->wait_killable) {
		answer->state = DIAGNOSIS_LIMITED;
		found(answer, "user notification, but a signal may repeat a call that waits for an answer");
		remedy(answer, "use Linux 5.19 or newer");
	} else {
		found(answer, "user notification");
	}
}

static void assess_mdwe(const struct diagnosis *row, const struct host_details *d,
			struct diagnosis_answer *answer)
{
	(void)row;
	present(answer, d->host.mdwe, DIAGNOSIS_LIMITED,
		"use Linux 6.3 or newer; until then the system call filter does it");
}

static void assess_calls(const struct diagnosis *row, const struct host_details *d,
			 struct diagnosis_answer *answer)
{
	const struct {
		const char *name;
		bool there;
	} calls[] = {
		{ "clone3", d->clone3 },       { "CLONE_INTO_CGROUP", d->clone_into_cgroup },
		{ "openat2", d->openat2 },     { "fsopen", d->fsopen },
		{ "open_tree", d->open_tree }, { "mount_setattr", d->mount_setattr },
	};
	size_t used = 0;

	(void)row;
	for (size_t i = 0; i < ARRAY_SIZE(calls) && used < sizeof(answer->found); i++)
		if (!calls[i].there)
			used += (size_t)snprintf(answer->found + used, sizeof(answer->found) - used, "%s%s",
						 used ? ", " : "not available: ", calls[i].name);
	if (used == 0) {
		found(answer, "available");
		return;
	}
	answer->state = DIAGNOSIS_MISSING;
	remedy(answer,
	       "use Linux 6.1 or newer; in a container, let that one's system call filter allow them");
}

static void assess_cgroup(const struct diagnosis *row, const struct host_details *d,
			  struct diagnosis_answer *answer)
{
	const struct cgroup_place *place = &d->host.place;

	(void)row;
	if (!place->found) {
		answer->state = DIAGNOSIS_MISSING;
		found(answer, "%s", place->reason);
		remedy(answer, "%s", place->remedy);
		return;
	}
	found(answer, "%.190s, group %.190s", place->mount, place->parent);
	if (!place->pure) {
		answer->state = DIAGNOSIS_LIMITED;
		remedy(answer,
		       "version 1 is in use too: boot with \"systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all\" "
		       "on the kernel command line");
	}
}

static void assess_controller(const struct diagnosis *row, const struct host_details *d,
			      struct diagnosis_answer *answer)
{
	const struct cgroup_place *place = &d->host.place;

	if (place->found && (place->available & row->controller)) {
		found(answer, "available");
		return;
	}
	answer->state = row->needed ? DIAGNOSIS_MISSING : DIAGNOSIS_LIMITED;
	found(answer, "%s",
	      place->found && (place->v1 & row->controller) ? "held by cgroup version 1"
	      : place->found                                ? place->reason
							    : "no cgroup to put limits on");
	remedy(answer, "%s", place->remedy);
}

static void assess_device_filter(const struct diagnosis *row, const struct host_details *d,
				 struct diagnosis_answer *answer)
{
	(void)row;
	if (d->device_filter && d->host.place.found) {
		found(answer, "available");
	} else if (host_privileged(&d->host) && d->host.initial_userns) {
		answer->state = DIAGNOSIS_MISSING;
		found(answer, "not available");
		remedy(answer,
		       "use a kernel with CONFIG_CGROUP_BPF=y, and have the cgroup2 file system mounted");
	} else {
		answer->state = DIAGNOSIS_LIMITED;
		found(answer, "only for root: mounts without devices and the user namespace do it alone");
	}
}

static void assess_lsm(const struct diagnosis *row, const struct host_details *d,
		       struct diagnosis_answer *answer)
{
	(void)row;
	if (d->apparmor) {
		found(answer, "AppArmor");
	} else if (d->selinux_enforce == 1) {
		found(answer, "SELinux, enforcing");
	} else if (d->selinux_enforce == 0) {
		answer->state = DIAGNOSIS_LIMITED;
		found(answer, "SELinux, permissive");
		remedy(answer, "setenforce 1");
	} else {
		answer->state = DIAGNOSIS_LIMITED;
		found(answer, "neither AppArmor nor SELinux");
		remedy(answer,
		       "boot with apparmor=1 security=apparmor (Debian, Ubuntu) where the kernel has it");
	}
}

static void assess_run_dir(const struct diagnosis *row, const struct host_details *d,
			   struct diagnosis_answer *answer)
{
	(void)row;
	found(answer, "%s", d->host.run_dir);
	if (d->run_dir_usable)
		return;
	answer->state = DIAGNOSIS_MISSING;
	remedy(answer, "%s",
	       d->host.euid == 0 ? "make /run writable"
				 : "log in through a session that sets XDG_RUNTIME_DIR (as root: loginctl "
				   "enable-linger USER)");
}

static void assess_statmount(const struct diagnosis *row, const struct host_details *d,
			     struct diagnosis_answer *answer)
{
	(void)row;
	present(answer, d->statmount, DIAGNOSIS_LIMITED,
		"Linux 6.8 has it; until then /proc/PID/mountinfo is read");
}

static void assess_noswap(const struct diagnosis *row, const struct host_details *d,
			  struct diagnosis_answer *answer)
{
	(void)row;
	if (!d->tmpfs_noswap && !d->swap)
		found(answer, "not available, but there is no swap");
	else
		present(answer, d->tmpfs_noswap, DIAGNOSIS_LIMITED,
			"use Linux 6.3 or newer, or switch swap off: swapoff -a");
}

static void assess_psi(const struct diagnosis *row, const struct host_details *d,
		       struct diagnosis_answer *answer)
{
	(void)row;
	present(answer, d->psi, DIAGNOSIS_LIMITED,
		"put psi=1 on the kernel command line (needs CONFIG_PSI=y)");
}

static void assess_memfd(const struct diagnosis *row, const struct host_details *d,
			 struct diagnosis_answer *answer)
{
	(void)row;
	present(answer, d->memfd_noexec >= 0, DIAGNOSIS_LIMITED, "use Linux 6.3 or newer");
	if (d->memfd_noexec >= 0)
		found(answer, "vm.memfd_noexec = %d", d->memfd_noexec);
}

static void assess_core_pattern(const struct diagnosis *row, const struct host_details *d,
				struct diagnosis_answer *answer)
{
	(void)row;
	found(answer, "%s", d->core_pattern);
	if (d->core_pattern[0] != '|')
		return;
	answer->state = DIAGNOSIS_LIMITED;
	remedy(answer, SYSCTL_REMEDY("kernel.core_pattern", "core"));
}

static void assess_tiocsti(const struct diagnosis *row, const struct host_details *d,
			   struct diagnosis_answer *answer)
{
	(void)row;
	if (d->legacy_tiocsti == 0) {
		found(answer, "dev.tty.legacy_tiocsti = 0");
		return;
	}
	answer->state = DIAGNOSIS_LIMITED;
	if (d->legacy_tiocsti < 0) {
		found(answer, "can't be switched off");
		remedy(answer, "use Linux 6.2 or newer; until then the system call filter refuses it");
	} else {
		found(answer, "dev.tty.legacy_tiocsti = %d", d->legacy_tiocsti);
		remedy(answer, SYSCTL_REMEDY("dev.tty.legacy_tiocsti", "0"));
	}
}

static const struct diagnosis table[] = {
	{ "kernel", "the oldest version that has every part of a container", true, 0, assess_kernel },
	{ "caller", "who starts containers", false, 0, assess_caller },
	{ "system-calls", "no window and no path race while a container is set up", true, 0, assess_calls },
	{ "user-namespaces", "root inside is nobody outside", true, 0, assess_user_namespaces },
	{ "subordinate-ids", "more than one user id inside (user.host_range)", false, 0,
	  assess_subordinate_ids },
	{ "time-namespace", "the machine's uptime stays hidden", true, 0, assess_time_namespace },
	{ "landlock", "only the listed directories can be opened, only the listed programs executed", true, 0,
	  assess_landlock },
	{ "seccomp", "only the listed system calls, and each refusal is named", true, 0, assess_seccomp },
	{ "mdwe", "memory that was writable never becomes code", false, 0, assess_mdwe },
	{ "mandatory-access", "labels of the administrator hold in containers too (apparmor, selinux)", false,
	  0, assess_lsm },
	{ "cgroup", "all processes of a container can be counted and killed", true, 0, assess_cgroup },
	{ "cgroup-memory", "limits.memory, limits.memory_high, limits.swap", true, CGROUP_MEMORY,
	  assess_controller },
	{ "cgroup-pids", "limits.pids", true, CGROUP_PIDS, assess_controller },
	{ "cgroup-cpu", "limits.cpu, limits.cpu_weight", true, CGROUP_CPU, assess_controller },
	{ "cgroup-cpuset", "limits.cpus", false, CGROUP_CPUSET, assess_controller },
	{ "cgroup-io", "limits.io", false, CGROUP_IO, assess_controller },
	{ "device-filter", "no device but the listed ones, whatever node turns up", true, 0,
	  assess_device_filter },
	{ "run-directory", "state of running containers", true, 0, assess_run_dir },
	{ "statmount", "mounts are read back in one call each", false, 0, assess_statmount },
	{ "tmpfs-noswap", "secrets never reach the disk", false, 0, assess_noswap },
	{ "pressure", "stats tell how long a container waited for memory, cpu, io", false, 0, assess_psi },
	{ "memfd-noexec", "a container can be kept from executing memory files", false, 0, assess_memfd },
	{ "core-pattern", "a crash in a container starts no program of the host", false, 0,
	  assess_core_pattern },
	{ "tiocsti", "no typing into the terminal of the one who started it", false, 0, assess_tiocsti },
};

const struct diagnosis *diagnosis_all(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(table);
	return table;
}

void diagnosis_assess(const struct diagnosis *diagnosis, const struct host_details *details,
		      struct diagnosis_answer *ret)
{
	*ret = (struct diagnosis_answer){ .state = DIAGNOSIS_OK };
	diagnosis->assess(diagnosis, details, ret);
}

const char *diagnosis_state_name(enum diagnosis_state state)
{
	static const char *const names[] = { "ok", "limited", "missing" };

	return names[state];
}
