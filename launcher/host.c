/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "launcher/host_value.h"
#include "launcher/subid.h"

/* The inode number that the kernel gives the initial user namespace (include/linux/proc_ns.h, since 3.8). */
#define INITIAL_USERNS_INODE 0xEFFFFFFDU

int host_parse_release(const char *release, unsigned int *ret_major, unsigned int *ret_minor)
{
	char text[2][11];
	const char *next = release;

	for (int i = 0; i < 2; i++) {
		size_t length = strspn(next, "0123456789");

		if (length == 0 || length >= sizeof(text[i]) || (i == 0 && next[length] != '.'))
			return -EINVAL;
		memcpy(text[i], next, length);
		text[i][length] = '\0';
		next += length + 1;
	}
	if (str_to_u32(text[0], ret_major) < 0 || str_to_u32(text[1], ret_minor) < 0)
		return -EINVAL;
	return 0;
}

static int probe_kernel(struct host *host, struct error *err)
{
	struct seccomp_notif_sizes sizes;
	struct utsname name;
	int abi;

	if (uname(&name) < 0 ||
	    host_parse_release(name.release, &host->kernel_major, &host->kernel_minor) < 0)
		return error_set(err, EINVAL, "read the kernel's version \"%.60s\"", name.release);
	abi = sys_landlock_abi();
	host->landlock_abi = abi > 0 ? abi : 0;
	host->seccomp_notify = sys_seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0;
	host->mdwe = prctl(PR_GET_MDWE, 0, 0, 0, 0) >= 0;
	host->time_namespace = access("/proc/self/ns/time", F_OK) == 0;
	return 0;
}

static int probe_caller(struct host *host, struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	struct stat st;

	host->euid = geteuid();
	host->egid = getegid();
	if (syscall(SYS_capget, &header, data) < 0)
		return error_set(err, errno, "read the own capabilities");
	host->cap_effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	if (stat("/proc/self/ns/user", &st) < 0) {
		host->user_namespaces = false;
		return errno == ENOENT ? 0 : error_set(err, errno, "look at /proc/self/ns/user");
	}
	host->initial_userns = st.st_ino == INITIAL_USERNS_INODE;
	host->user_namespaces_setting = host_value_userns_setting(host);
	host->user_namespaces = !host->user_namespaces_setting;
	return 0;
}

/* What newuidmap(1) would let an unprivileged caller map; the helper itself has the last word. */
static void probe_subordinate_ids(struct host *host)
{
	struct subid_range uids = { 0 }, gids = { 0 };
	char name[SUBID_NAME_MAX];

	host->have_newuidmap =
		access("/usr/bin/newuidmap", X_OK) == 0 && access("/usr/bin/newgidmap", X_OK) == 0;
	if (subid_user_name("/etc/passwd", host->euid, name) < 0)
		name[0] = '\0'; /* from a directory service, perhaps: the number may still be listed */
	if (subid_read("/etc/subuid", name, host->euid, &uids) < 0 || uids.count == 0 ||
	    subid_read("/etc/subgid", name, host->euid, &gids) < 0)
		return;
	host->subuid_first = uids.first;
	host->subuid_count = uids.count;
	host->subgid_first = gids.first;
	host->subgid_count = gids.count;
}

/* The value of an environment variable if it is an absolute path (XDG base directory specification). */
static const char *absolute(const char *variable)
{
	const char *value = getenv(variable);

	return value && value[0] == '/' ? value : NULL;
}

static bool set_path(char path[HOST_PATH_MAX], const char *above, const char *below)
{
	int size = above ? snprintf(path, HOST_PATH_MAX, "%s%s", above, below) : -1;

	if (size >= 0 && size < HOST_PATH_MAX)
		return true;
	path[0] = '\0';
	return false;
}

static void choose_dirs(struct host *host)
{
	const char *home = absolute("HOME");

	/* Root never follows the environment: under sudo it may be somebody else's. */
	if (host->euid == 0) {
		set_path(host->run_dir, "/run/kapsel", "");
		set_path(host->log_dir, "/var/log/kapsel", "");
		set_path(host->cache_dir, "/var/cache/kapsel", "");
		return;
	}
	if (!set_path(host->run_dir, absolute("XDG_RUNTIME_DIR"), "/kapsel"))
		snprintf(host->run_dir, sizeof(host->run_dir), "/run/user/%u/kapsel", host->euid);
	if (!set_path(host->log_dir, absolute("XDG_STATE_HOME"), "/kapsel/log") &&
	    !set_path(host->log_dir, home, "/.local/state/kapsel/log"))
		set_path(host->log_dir, host->run_dir, "/log");
	if (!set_path(host->cache_dir, absolute("XDG_CACHE_HOME"), "/kapsel"))
		set_path(host->cache_dir, home, "/.cache/kapsel");
}

int host_probe(struct host *ret, struct error *err)
{
	struct host host = { 0 };
	int r;

	r = probe_kernel(&host, err);
	if (r == 0)
		r = probe_caller(&host, err);
	if (r == 0)
		r = cgroup_place_find(&host.place, err);
	if (r < 0)
		return r;
	if (!host_privileged(&host))
		probe_subordinate_ids(&host);
	choose_dirs(&host);
	*ret = host;
	return 0;
}

int host_probe_caller(struct host *ret, struct error *err)
{
	struct host host = { .landlock_abi = sys_landlock_abi() };
	int r = probe_caller(&host, err);

	if (r < 0)
		return r;
	if (host.landlock_abi < 0)
		host.landlock_abi = 0;
	choose_dirs(&host);
	*ret = host;
	return 0;
}
