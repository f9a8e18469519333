/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D5: nodes of proc, sys and the cgroup file system. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "lab/probe/attempt.h"

/* The open decides; nothing is ever written. */
static long open_node(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open(probe->text, (int)probe->a | O_NONBLOCK | O_CLOEXEC);

	(void)out;
	return fd;
}

/* Some files refuse at read(2) only. */
static long read_node(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open(probe->text, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char buffer[64];
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, buffer, sizeof(buffer));
	if (n == 0) {
		attempt_note(out, "empty");
		errno = 0;
		return -1;
	}
	if (n > 0)
		attempt_note(out, "%zd bytes read", n);
	return n;
}

static int own_cgroup(char *path, size_t size)
{
	static const char *const mounts[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	char text[4096], name[PATH_MAX / 2] = "/", *line;

	if (fd_read_file(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) >= 0) {
		line = strstr(text, "0::/");
		if (line)
			sscanf(line + 3, "%2000[^\n]", name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		snprintf(path, size, "%s%s/cgroup.procs", mounts[i], str_equal(name, "/") ? "" : name);
		if (access(path, F_OK) == 0) {
			*strrchr(path, '/') = '\0';
			return 0;
		}
	}
	return -1;
}

static long open_cgroup_file(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = -1;
	char directory[PATH_MAX], path[PATH_MAX + 64];

	if (own_cgroup(directory, sizeof(directory)) < 0) {
		errno = ENOENT;
		return attempt_step(out, "search of the own cgroup");
	}
	snprintf(path, sizeof(path), "%s/%s", directory, probe->text);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd;
}

static long see_host_process(const struct probe *probe, struct outcome *out)
{
	const char *pid = getenv("PROBE_HOST_PID");
	_cleanup_fd_ int fd = -1;
	char path[64];

	(void)probe;
	if (!pid)
		return attempt_untestable(out, "PROBE_HOST_PID does not name a process outside");
	snprintf(path, sizeof(path), "/proc/%.20s/status", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd;
}

static long see_other_processes(const struct probe *probe, struct outcome *out)
{
	char self[16], parent[16];
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	long n = 0;

	(void)probe;
	if (!proc)
		return -1;
	snprintf(self, sizeof(self), "%d", (int)getpid());
	snprintf(parent, sizeof(parent), "%d", (int)getppid());
	while ((entry = readdir(proc))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		if (!str_equal(entry->d_name, self) && !str_equal(entry->d_name, parent))
			n++;
	}
	closedir(proc);
	attempt_note(out, "%ld processes beside this program", n);
	errno = 0;
	return n ? n : -1;
}

/*
 * Field 4 of mountinfo is the mount's place inside its file system: a path of the host for
 * a bind mount. $PROBE_HOST_PATH, when set, is the only path that counts.
 */
static long see_host_paths(const struct probe *probe, struct outcome *out)
{
	static char text[1 << 16];
	const char *wanted = getenv("PROBE_HOST_PATH");
	char root[200], target[200], *line, *rest = NULL;
	ssize_t n = fd_read_file(AT_FDCWD, probe->text, text, sizeof(text));

	if (n < 0) {
		errno = (int)-n;
		return -1;
	}
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (sscanf(line, "%*s %*s %*s %199s %199s", root, target) != 2)
			continue;
		/* Cgroups above the own namespace's root show as "/..". */
		if (str_equal(root, "/") || str_starts(root, "/.."))
			continue;
		if (wanted && !strstr(root, wanted))
			continue;
		attempt_note(out, "%.140s is the host's %.140s", target, root);
		return 1;
	}
	errno = 0;
	return -1;
}

/* "device /dev/x mounted on /y with fstype z": a bind mount's device is the host's, its place is ours. */
static long see_host_mounts(const struct probe *probe, struct outcome *out)
{
	static char text[1 << 16];
	const char *wanted = getenv("PROBE_HOST_PATH");
	char device[200], *line, *rest = NULL;
	ssize_t n = fd_read_file(AT_FDCWD, probe->text, text, sizeof(text));

	if (n < 0) {
		errno = (int)-n;
		return -1;
	}
	if (!wanted)
		return attempt_untestable(out, "PROBE_HOST_PATH does not name a path of the host");
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (sscanf(line, "device %199s mounted", device) != 1 || !strstr(line, wanted))
			continue;
		attempt_note(out, "%.280s", line);
		return 1;
	}
	errno = 0;
	return -1;
}

#define WRITE_TO(number, name, path)                                                                         \
	{                                                                                                    \
		number, name, "open " path " for writing", open_node, 0, O_WRONLY, .text = path              \
	}
#define READ_FROM(number, name, path)                                                                        \
	{                                                                                                    \
		number, name, "read " path, read_node, 0, .text = path                                       \
	}
#define LIST(number, name, path)                                                                             \
	{                                                                                                    \
		number, name, "list " path, open_node, 0, O_RDONLY | O_DIRECTORY, .text = path               \
	}
#define CGROUP(number, name, file)                                                                           \
	{                                                                                                    \
		number, name, "open the own " file " for writing", open_cgroup_file, 0, .text = file         \
	}

const struct probe probes_nodes[] = {
	WRITE_TO(85, "sys-core-pattern", "/proc/sys/kernel/core_pattern"),
	WRITE_TO(85, "sys-modprobe", "/proc/sys/kernel/modprobe"),
	WRITE_TO(85, "sys-hostname", "/proc/sys/kernel/hostname"),
	WRITE_TO(85, "sys-vm-overcommit", "/proc/sys/vm/overcommit_memory"),
	WRITE_TO(85, "sys-vm-drop-caches", "/proc/sys/vm/drop_caches"),
	WRITE_TO(86, "sysrq-trigger", "/proc/sysrq-trigger"),
	READ_FROM(87, "proc-kcore", "/proc/kcore"),
	READ_FROM(87, "proc-kmsg", "/proc/kmsg"),
	READ_FROM(87, "proc-kallsyms", "/proc/kallsyms"),
	READ_FROM(87, "proc-keys", "/proc/keys"),
	READ_FROM(87, "proc-timer-list", "/proc/timer_list"),
	READ_FROM(87, "proc-sched-debug", "/proc/sched_debug"),
	READ_FROM(87, "proc-interrupts", "/proc/interrupts"),
	READ_FROM(87, "proc-config", "/proc/config.gz"),
	READ_FROM(87, "proc-modules", "/proc/modules"),
	READ_FROM(87, "proc-latency-stats", "/proc/latency_stats"),
	READ_FROM(87, "proc-cmdline", "/proc/cmdline"),
	LIST(88, "proc-irq", "/proc/irq"),
	LIST(88, "proc-bus", "/proc/bus"),
	LIST(88, "proc-fs", "/proc/fs"),
	LIST(88, "proc-acpi", "/proc/acpi"),
	LIST(88, "proc-scsi", "/proc/scsi"),
	LIST(88, "proc-asound", "/proc/asound"),
	LIST(89, "sys-firmware", "/sys/firmware"),
	LIST(89, "sys-debug", "/sys/kernel/debug"),
	LIST(89, "sys-security", "/sys/kernel/security"),
	LIST(89, "sys-powercap", "/sys/class/powercap"),
	WRITE_TO(89, "sys-uevent-helper", "/sys/kernel/uevent_helper"),
	WRITE_TO(90, "cgroup-release-agent", "/sys/fs/cgroup/release_agent"),
	CGROUP(90, "cgroup-procs", "cgroup.procs"),
	CGROUP(91, "cgroup-memory-max", "memory.max"),
	CGROUP(91, "cgroup-pids-max", "pids.max"),
	CGROUP(91, "cgroup-cpu-max", "cpu.max"),
	{ 92, "proc-host-pid", "look at a process of the host", see_host_process, 0 },
	{ 92, "proc-other-pids", "see processes of others", see_other_processes, 0 },
	{ 93, "mountinfo-host-paths", "learn paths of the host from mountinfo", see_host_paths, 0,
	  .text = "/proc/self/mountinfo" },
	{ 93, "mountstats-host-paths", "learn paths of the host from mountstats", see_host_mounts, 0,
	  .text = "/proc/self/mountstats" },
	{ 0 },
};
