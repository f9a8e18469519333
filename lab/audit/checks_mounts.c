/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks: the root file system and what is mounted in it. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "lab/audit/checks.h"
#include "lab/audit/engine_sockets.h"
#include "lab/audit/facts.h"
#include "profiles/spec.h"

/* File systems without files of the workload's own: nothing can be put there and executed. */
static bool is_virtual(const struct facts_mount *mount)
{
	static const char *const types[] = { "proc",     "sysfs",    "cgroup",   "cgroup2", "mqueue",
					     "devpts",   "debugfs",  "tracefs",  "bpf",     "securityfs",
					     "pstore",   "configfs", "fusectl",  "autofs",  "binfmt_misc",
					     "efivarfs", "nsfs",     "hugetlbfs" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (str_equal(mount->fstype, types[i]))
			return true;
	return false;
}

static bool writable(const struct facts_mount *mount)
{
	return !facts_option(mount->options, "ro") && !facts_option(mount->super, "ro");
}

/* Only the topmost mount at a place can be reached by its name. */
static bool covered(const struct facts_mounts *mounts, const struct facts_mount *mount)
{
	return facts_mount_at(mounts, mount->target) != mount;
}

static bool unreadable(const struct facts *facts, struct opinion *ret)
{
	if (facts->mounts.error)
		opinion_unreadable(ret, facts->mounts.error, "mountinfo");
	return facts->mounts.error != 0;
}

static void root_read_only(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const struct facts_mount *root = facts_mount_at(&facts->mounts, "/");

	if (unreadable(facts, ret))
		return;
	if (!root) {
		opinion_unreadable(ret, 0, "its root is no mount: what lies above it shows nothing");
		return;
	}
	opinion_judge(ret, writable(root) ? check->range : 0, writable(root) ? "rw" : "ro");
	opinion_evidence(ret, "mountinfo /: %s %.150s", root->fstype, root->options);
}

static void own_root(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	if (facts->root_error) {
		opinion_unreadable(ret, facts->root_error, "root");
		return;
	}
	opinion_judge(ret, facts->root_is_host ? check->range : 0,
		      facts->root_is_host ? "the host's" : "own");
	opinion_evidence(ret, "/proc/%d/root", (int)facts->pid);
}

/* Counts the mounts that lack the option in check->words. */
static void option_missing(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const char *first = NULL;
	unsigned int n = 0;

	if (unreadable(facts, ret))
		return;
	for (size_t i = 0; i < facts->mounts.n; i++) {
		const struct facts_mount *mount = &facts->mounts.items[i];
		bool device = str_starts(mount->target, "/dev/") || str_equal(mount->target, "/dev");

		if (covered(&facts->mounts, mount) || facts_option(mount->options, check->words) ||
		    is_virtual(mount) || (device && str_equal(check->words, "nodev")))
			continue;
		first = first ? first : mount->target;
		n++;
	}
	opinion_judge(ret, n ? check->range : 0, n ? "%u without" : "all", n);
	opinion_evidence(ret, first ? "mountinfo: %.150s has no %s" : "mountinfo", first, check->words);
}

static void nosuid_declared(const struct check *check, const struct audit_declared *declared,
			    struct opinion *ret)
{
	opinion_judge(ret, declared->spec->allow_setuid ? check->range : 0,
		      declared->spec->allow_setuid ? "not /" : "all");
	opinion_evidence(ret, "allow_setuid");
}

static void write_exec_declared(const struct check *check, const struct audit_declared *declared,
				struct opinion *ret)
{
	for (size_t i = 0; i < declared->spec->n_mounts; i++) {
		const struct spec_mount *mount = &declared->spec->mounts[i];

		if (!mount->write || !mount->exec)
			continue;
		opinion_judge(ret, check->range, "%.38s", mount->target);
		opinion_evidence(ret, "mounts.%s: write and exec", mount->target);
		return;
	}
	opinion_judge(ret, 0, "none");
	opinion_evidence(ret, "mounts");
}

static void write_exec(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const char *first = NULL;
	unsigned int n = 0;

	if (unreadable(facts, ret))
		return;
	for (size_t i = 0; i < facts->mounts.n; i++) {
		const struct facts_mount *mount = &facts->mounts.items[i];

		if (covered(&facts->mounts, mount) || is_virtual(mount) || !writable(mount) ||
		    facts_option(mount->options, "noexec"))
			continue;
		first = first ? first : mount->target;
		n++;
	}
	opinion_judge(ret, n ? check->range : 0, n ? "%u place(s)" : "none", n);
	opinion_evidence(ret, first ? "mountinfo: %.150s is rw and not noexec" : "mountinfo", first);
}

static void host_write_declared(const struct check *check, const struct audit_declared *declared,
				struct opinion *ret)
{
	const char *first = NULL;
	unsigned int n = 0;

	for (size_t i = 0; i < declared->spec->n_mounts; i++) {
		const struct spec_mount *mount = &declared->spec->mounts[i];

		if (mount->type != SPEC_MOUNT_BIND || !mount->write)
			continue;
		first = first ? first : mount->source;
		n++;
	}
	opinion_judge(ret, n ? check->range : 0, n ? "%u" : "none", n);
	opinion_evidence(ret, first ? "mounts: %.150s" : "mounts", first);
}

/* A tmpfs is its own if it is mounted whole here, and is none that every process of the host uses. */
static bool own_tmpfs(const struct facts *facts, const struct facts_mount *mount)
{
	static const char *const common[] = { "/run", "/tmp", "/dev/shm", "/var/tmp" };
	bool whole = false;

	if (!str_equal(mount->fstype, "tmpfs"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(common); i++) {
		const struct facts_mount *theirs = facts_mount_at(&facts->host_mounts, common[i]);

		if (theirs && theirs->major == mount->major && theirs->minor == mount->minor)
			return false;
	}
	for (size_t i = 0; i < facts->mounts.n; i++)
		whole = whole || (facts->mounts.items[i].major == mount->major &&
				  facts->mounts.items[i].minor == mount->minor &&
				  str_equal(facts->mounts.items[i].root, "/"));
	return whole;
}

/* Engines make these for the container and mount them one by one. */
static bool engine_file(const struct facts_mount *mount)
{
	return str_equal(mount->target, "/etc/hosts") || str_equal(mount->target, "/etc/hostname") ||
	       str_equal(mount->target, "/etc/resolv.conf");
}

static void host_write(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const char *first = NULL;
	unsigned int n = 0;

	if (unreadable(facts, ret))
		return;
	for (size_t i = 0; i < facts->mounts.n; i++) {
		const struct facts_mount *mount = &facts->mounts.items[i];
		bool own_root = str_equal(mount->target, "/") && !facts->root_is_host;

		/* A device node is no place to write to: it is judged as a device. */
		if (own_root || covered(&facts->mounts, mount) || is_virtual(mount) || !writable(mount) ||
		    own_tmpfs(facts, mount) || engine_file(mount) || str_equal(mount->fstype, "devtmpfs"))
			continue;
		first = first ? first : mount->target;
		n++;
	}
	opinion_judge(ret, n ? check->range : 0, n ? "%u" : "none", n);
	opinion_evidence(ret, first ? "mountinfo: %.150s is the host's, and rw" : "mountinfo", first);
}

/* The list of CIS 5.6, and where it lies on a merged /usr. */
static const char *const sensitive[] = { "/",     "/boot", "/dev", "/etc",     "/lib",
					 "/proc", "/sys",  "/usr", "/usr/lib", "/root" };

static bool is_above(const char *above, const char *path)
{
	size_t length = strlen(above);

	return str_equal(above, "/") ||
	       (strncmp(above, path, length) == 0 && (path[length] == '/' || path[length] == '\0'));
}

static void sensitive_declared(const struct check *check, const struct audit_declared *declared,
			       struct opinion *ret)
{
	for (size_t i = 0; i < declared->spec->n_mounts; i++) {
		const struct spec_mount *mount = &declared->spec->mounts[i];

		for (size_t j = 0; mount->source && j < ARRAY_SIZE(sensitive); j++) {
			if (!is_above(mount->source, sensitive[j]))
				continue;
			opinion_judge(ret, check->range, "%.38s", mount->source);
			opinion_evidence(ret, "mounts.%s", mount->target);
			return;
		}
	}
	opinion_judge(ret, 0, "none");
	opinion_evidence(ret, "mounts");
}

/* Whether @mount shows the host's directory @path, or one above it. */
static bool shows(const struct facts_mounts *host, const struct facts_mount *mount, const char *path)
{
	const struct facts_mount *best = NULL;
	char inside[512];

	for (size_t i = 0; i < host->n; i++)
		if (is_above(host->items[i].target, path) &&
		    (!best || strlen(host->items[i].target) >= strlen(best->target)))
			best = &host->items[i];
	if (!best || best->major != mount->major || best->minor != mount->minor)
		return false;
	path += str_equal(best->target, "/") ? 0 : strlen(best->target);
	snprintf(inside, sizeof(inside), "%s%s", str_equal(best->root, "/") ? "" : best->root,
		 str_equal(path, "/") ? "" : path);
	return is_above(mount->root, *inside ? inside : "/");
}

static void sensitive_shown(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	if (unreadable(facts, ret))
		return;
	for (size_t i = 0; i < facts->mounts.n; i++) {
		const struct facts_mount *mount = &facts->mounts.items[i];

		for (size_t j = 0; j < ARRAY_SIZE(sensitive); j++) {
			if (!shows(&facts->host_mounts, mount, sensitive[j]))
				continue;
			opinion_judge(ret, check->range, "%s", sensitive[j]);
			opinion_evidence(ret, "mountinfo: %.100s shows the host's %s", mount->target,
					 sensitive[j]);
			return;
		}
	}
	opinion_judge(ret, 0, "none");
	opinion_evidence(ret, "mountinfo: none of the %zu mounts", facts->mounts.n);
}

static void socket_declared(const struct check *check, const struct audit_declared *declared,
			    struct opinion *ret)
{
	for (size_t i = 0; i < declared->spec->n_mounts; i++) {
		const struct spec_mount *mount = &declared->spec->mounts[i];

		for (size_t j = 0; mount->source && engine_sockets[j]; j++) {
			if (!is_above(mount->source, engine_sockets[j]))
				continue;
			opinion_judge(ret, check->range, "%.38s", engine_sockets[j]);
			opinion_evidence(ret, "mounts.%s", mount->target);
			return;
		}
	}
	opinion_judge(ret, 0, "none");
	opinion_evidence(ret, "mounts");
}

static void socket_shown(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const char *found = facts->engine_socket;

	if (facts->root_error) {
		opinion_unreadable(ret, facts->root_error, "root");
		return;
	}
	for (size_t i = 0; i < facts->mounts.n && !*found; i++)
		for (size_t j = 0; engine_sockets[j] && !*found; j++)
			if (strcmp(strrchr(engine_sockets[j], '/'),
				   strrchr(facts->mounts.items[i].root, '/')
					   ? strrchr(facts->mounts.items[i].root, '/')
					   : "") == 0)
				found = facts->mounts.items[i].target;
	opinion_judge(ret, *found ? check->range : 0, *found ? "%.38s" : "none", found);
	opinion_evidence(ret, *found ? "root, mountinfo: %s can be reached" : "root, mountinfo", found);
}

static void propagation(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const char *first = NULL;
	unsigned int n = 0;

	if (unreadable(facts, ret))
		return;
	for (size_t i = 0; i < facts->mounts.n; i++) {
		if (!facts->mounts.items[i].shared)
			continue;
		first = first ? first : facts->mounts.items[i].target;
		n++;
	}
	/* Without mounts of its own there is nothing to propagate: whatever it mounts is the host's. */
	if (!facts->own[FACTS_MNT] && facts->namespace_error[FACTS_MNT] == 0)
		n = n ? n : 1;
	opinion_judge(ret, n ? check->range : 0, n ? "%u" : "none", n);
	opinion_evidence(ret, first ? "mountinfo: %.150s is shared" : "mountinfo, ns/mnt", first);
}

static void tmpfs_limited(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const char *first = NULL;

	if (unreadable(facts, ret))
		return;
	for (size_t i = 0; i < facts->mounts.n && !first; i++) {
		const struct facts_mount *mount = &facts->mounts.items[i];

		if (str_equal(mount->fstype, "tmpfs") && writable(mount) && !covered(&facts->mounts, mount) &&
		    !facts_option(mount->super, "size"))
			first = mount->target;
	}
	opinion_judge(ret, first ? check->range : 0, first ? "half of RAM" : "bounded");
	opinion_evidence(
		ret, first ? "mountinfo: %.150s has no size=" : "mountinfo: every tmpfs has a size=", first);
}

const struct check checks_mounts[] = {
	{ "root-read-only", 1000, 1, "Its root file system is read-only", NULL, "/proc/PID/mountinfo",
	  opinion_always, root_read_only, .serves = { "A21 A23", "5.13", "4.4.4 4.5.5", NULL, "8" } },
	{ "own-root", 1000, 1, "Its root is not the host's", NULL, "/proc/PID/root", opinion_always, own_root,
	  .serves = { "A3 A23", "5.6", "4.5.5", "baseline:host-path", NULL } },
	{ "nosuid", 500, 1, "Set-user-id files are inert on every mount", "allow_setuid",
	  "/proc/PID/mountinfo", nosuid_declared, option_missing, .words = "nosuid",
	  .serves = { "A17 A19", NULL, "4.1.2", NULL, "4" } },
	{ "nodev", 300, 1, "Device nodes are inert on every mount but /dev", NULL, "/proc/PID/mountinfo",
	  opinion_always, option_missing, .words = "nodev", .serves = { "A19", NULL, "4.4.3", NULL, NULL } },
	{ "write-exec", 1000, 1, "Nothing can be written and then executed", "mounts.*.exec",
	  "/proc/PID/mountinfo", write_exec_declared, write_exec,
	  .serves = { "A19 A23", NULL, "4.4.4", NULL, "8" } },
	{ "host-write", 500, 1, "It can write to no directory of the host", "mounts.*.write",
	  "/proc/PID/mountinfo", host_write_declared, host_write,
	  .serves = { "A19 A23", NULL, "4.5.5", "baseline:host-path restricted:volumes", "8" } },
	{ "sensitive-paths", 1500, 1, "No directory of the host's system is mounted", "mounts.*.source",
	  "/proc/PID/mountinfo, /proc/self/mountinfo", sensitive_declared, sensitive_shown,
	  .serves = { "A19", "5.6", "4.4.3 4.5.5", "baseline:host-path restricted:volumes", NULL } },
	{ "engine-socket", 2000, 1, "No socket of an engine or service manager is in reach",
	  "mounts.*.source", "/proc/PID/root, mountinfo", socket_declared, socket_shown,
	  .serves = { "A5 A16", "5.32", "4.4.3 4.5.4", "baseline:host-path", "1" } },
	{ "propagation", 500, 1, "Its mounts do not propagate to the host", NULL,
	  "/proc/PID/mountinfo shared:", opinion_always, propagation,
	  .serves = { "A19", "5.20", "4.5.5", NULL, NULL } },
	{ "tmpfs-size", 200, 1, "Every file system in memory is bounded", "mounts.*.size",
	  "/proc/PID/mountinfo", opinion_always, tmpfs_limited,
	  .serves = { "A15", NULL, "4.4.3", NULL, "7" } },
	{ 0 },
};
