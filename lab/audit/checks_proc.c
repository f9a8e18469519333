/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks: the kernel's own file systems and devices. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "lab/audit/checks.h"
#include "lab/audit/facts.h"
#include "profiles/spec.h"

enum { MASKS_USUAL = 4 };

/* The topmost mount of procfs at its usual place; NULL: none, *ret filled where there is nothing to judge. */
static const struct facts_mount *proc_of(const struct facts *facts, struct opinion *ret)
{
	const struct facts_mount *mount = facts_mount_at(&facts->mounts, "/proc");

	if (facts->mounts.error) {
		opinion_unreadable(ret, facts->mounts.error, "mountinfo");
		return NULL;
	}
	if (!mount || !str_equal(mount->fstype, "proc")) {
		opinion_judge(ret, 0, "no /proc");
		opinion_evidence(ret, "mountinfo: no procfs at /proc");
		return NULL;
	}
	return mount;
}

static unsigned int count_masks(const struct facts *facts)
{
	unsigned int n = 0;

	for (size_t i = 0; i < facts->mounts.n; i++)
		n += str_starts(facts->mounts.items[i].target, "/proc/");
	return n;
}

static void files_declared(const struct check *check, const struct audit_declared *declared,
			   struct opinion *ret)
{
	static const char *const words[] = { "hidden", "no /proc", "masked" };
	bool full = declared->spec->proc == SPEC_PROC_FULL;

	opinion_judge(ret, full ? check->range : 0, "%s", words[declared->spec->proc]);
	opinion_evidence(ret, "proc");
}

static void files(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const struct facts_mount *mount = proc_of(facts, ret);
	bool hidden;

	if (!mount)
		return;
	hidden = facts_option(mount->super, "subset");
	opinion_judge(ret, hidden ? 0 : check->range, hidden ? "hidden" : "shown");
	opinion_evidence(ret, "mountinfo /proc: %.150s", mount->super);
}

/* Engines mount over a list of files: keys, kernel memory, timers. */
static void masked(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const struct facts_mount *mount = proc_of(facts, ret);
	unsigned int masks = count_masks(facts);
	bool hidden;

	if (!mount)
		return;
	hidden = facts_option(mount->super, "subset");
	opinion_judge(ret, hidden || masks >= MASKS_USUAL ? 0 : check->range, hidden ? "hidden" : "%u masks",
		      masks);
	opinion_evidence(ret, "mountinfo /proc: %.100s, %u mounts over its files", mount->super, masks);
}

static void others_declared(const struct check *check, const struct audit_declared *declared,
			    struct opinion *ret)
{
	bool host = !(declared->spec->namespaces & SPEC_NS_PID);

	(void)check;
	/* hidepid stays; what it hides is then the host's. */
	opinion_judge(ret, host && declared->spec->proc != SPEC_PROC_NONE, host ? "hidden by id" : "hidden");
	opinion_evidence(ret, "proc, share_host");
}

static void others(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const struct facts_mount *mount = proc_of(facts, ret);
	bool hidden;

	if (!mount)
		return;
	hidden = facts_option(mount->super, "hidepid") && !strstr(mount->super, "hidepid=0") &&
		 !strstr(mount->super, "hidepid=off");
	opinion_judge(ret, !hidden + !facts->own[FACTS_PID],
		      hidden                  ? "hidden"
		      : facts->own[FACTS_PID] ? "its own"
					      : "all of the host");
	opinion_evidence(ret, "mountinfo /proc: %.150s; ns/pid", mount->super);
	(void)check;
}

static void settings(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const struct facts_mount *mount = proc_of(facts, ret), *cover;
	bool open;

	if (!mount)
		return;
	cover = facts_mount_at(&facts->mounts, "/proc/sys");
	open = !facts_option(mount->options, "ro") && !facts_option(mount->super, "subset") &&
	       !(cover && facts_option(cover->options, "ro"));
	/* With a user namespace of its own the kernel's checks still stand in the way. */
	opinion_judge(ret,
		      !open                    ? 0
		      : facts->own[FACTS_USER] ? 1
					       : check->range,
		      open ? "rw" : "not writable");
	opinion_evidence(ret, "mountinfo /proc/sys: %s", cover ? cover->options : mount->super);
}

/* A file system of the kernel, named in check->words: not there, read-only, writable. */
static void kernel_mount(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const struct facts_mount *worst = NULL;
	unsigned int badness = 0;

	if (facts->mounts.error) {
		opinion_unreadable(ret, facts->mounts.error, "mountinfo");
		return;
	}
	for (size_t i = 0; i < facts->mounts.n; i++) {
		const struct facts_mount *mount = &facts->mounts.items[i];
		unsigned int bad = facts_option(mount->options, "ro") ? 1 : 2;

		if (strncmp(mount->fstype, check->words, strlen(check->words)) != 0 || bad <= badness)
			continue;
		worst = mount;
		badness = bad;
	}
	opinion_judge(ret, badness, badness == 0 ? "not there" : badness == 1 ? "ro" : "rw");
	opinion_evidence(ret, worst ? "mountinfo: %.150s" : "mountinfo", worst ? worst->target : "");
}

static void devices_declared(const struct check *check, const struct audit_declared *declared,
			     struct opinion *ret)
{
	size_t n = declared->spec->n_devices;

	opinion_judge(ret, n ? check->range : 0, n ? "%zu" : "none", n);
	opinion_evidence(ret, n ? "devices: %.100s" : "devices", n ? declared->spec->devices[0].path : "");
}

static void devices(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	if (facts->devices_error) {
		opinion_unreadable(ret, facts->devices_error, "root/dev");
		return;
	}
	opinion_judge(ret, facts->n_devices ? check->range : 0, facts->n_devices ? "%u" : "none",
		      facts->n_devices);
	opinion_evidence(ret, facts->n_devices ? "root/dev: %s" : "root/dev", facts->devices);
}

static void device_filter(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	int n = facts->group.device_filters;

	/* In a user namespace of its own it can neither make nor open nodes, filter or not. */
	if (n < 1 && facts->own[FACTS_USER]) {
		opinion_judge(ret, 0, "nodev");
		opinion_evidence(ret, "no filter is seen, but a user namespace of its own");
		return;
	}
	if (n == -EPERM || n == -EACCES) {
		opinion_unreadable(ret, -n, "BPF_PROG_QUERY of its control group");
		return;
	}
	opinion_judge(ret, n > 0 ? 0 : check->range, n > 0 ? "%d program(s)" : "none", n);
	opinion_evidence(ret, "BPF_PROG_QUERY of %.150s",
			 facts->group.path[0] ? facts->group.path : "its control group");
}

static void sysctls_declared(const struct check *check, const struct audit_declared *declared,
			     struct opinion *ret)
{
	/* What the Pod Security Standards call safe. */
	static const char *const safe[] = {
		"kernel.shm_rmid_forced",
		"net.ipv4.ip_local_port_range",
		"net.ipv4.tcp_syncookies",
		"net.ipv4.ping_group_range",
		"net.ipv4.ip_unprivileged_port_start",
		"net.ipv4.ip_local_reserved_ports",
		"net.ipv4.tcp_keepalive_time",
		"net.ipv4.tcp_keepalive_intvl",
		"net.ipv4.tcp_keepalive_probes",
		"net.ipv4.tcp_fin_timeout",
		"net.ipv4.tcp_rmem",
		"net.ipv4.tcp_wmem",
		"net.ipv4.tcp_slow_start_after_idle",
		"net.ipv4.tcp_notsent_lowat",
	};
	const char *first = NULL;

	for (size_t i = 0; i < declared->spec->sysctls.n && !first; i++) {
		bool known = false;

		for (size_t j = 0; j < ARRAY_SIZE(safe); j++)
			known = known || str_equal(declared->spec->sysctls.items[i].name, safe[j]);
		if (!known)
			first = declared->spec->sysctls.items[i].name;
	}
	opinion_judge(ret, first ? check->range : 0, first ? "%.38s" : "safe ones", first);
	opinion_evidence(ret, "sysctls: %zu", declared->spec->sysctls.n);
}

const struct check checks_proc[] = {
	{ "proc-masked", 500, 1, "Files of /proc that give the kernel away are masked", NULL,
	  "/proc/PID/mountinfo below /proc", opinion_always, masked,
	  .serves = { "A3", "5.5", "4.4.3", "baseline:proc-mount", NULL } },
	{ "proc-files", 200, 1, "System files of /proc are not there at all", "proc",
	  "/proc/PID/mountinfo subset=pid", files_declared, files,
	  .serves = { "A3", NULL, "4.4.3", NULL, NULL } },
	{ "proc-others", 300, 2, "Processes of others are hidden", "proc",
	  "/proc/PID/mountinfo hidepid, ns/pid", others_declared, others,
	  .serves = { "A3", NULL, "4.4.3", NULL, NULL } },
	{ "proc-sys", 1000, 2, "Settings of the kernel can not be written", NULL,
	  "/proc/PID/mountinfo /proc/sys", opinion_always, settings,
	  .serves = { "A3", "5.5", "4.4.3 4.5.5", "baseline:privileged baseline:proc-mount baseline:sysctls",
		      NULL } },
	{ "sysfs", 500, 2, "The device tree of /sys is not there", NULL, "/proc/PID/mountinfo",
	  opinion_always, kernel_mount, .words = "sysfs",
	  .serves = { "A3", NULL, "4.4.3 4.5.5", NULL, NULL } },
	{ "cgroup-mount", 300, 2, "Control groups are not mounted", NULL, "/proc/PID/mountinfo",
	  opinion_always, kernel_mount, .words = "cgroup",
	  .serves = { "A3 A15", NULL, "4.4.3", NULL, NULL } },
	{ "devices", 1000, 1, "No device of the host is given", "devices", "/proc/PID/root/dev",
	  devices_declared, devices,
	  .serves = { "A3 A19", "5.5 5.18", "4.4.3", "baseline:privileged", NULL } },
	{ "device-filter", 500, 1, "A filter refuses all other devices", NULL,
	  "BPF_PROG_QUERY of its control group", opinion_always, device_filter,
	  .serves = { "A3", "5.18", "4.4.3", NULL, NULL } },
	{ "sysctls", 200, 1, "Only safe settings of its namespaces are changed", "sysctls", NULL,
	  sysctls_declared, NULL, .serves = { NULL, NULL, "4.4.3", "baseline:sysctls", NULL } },
	{ 0 },
};
