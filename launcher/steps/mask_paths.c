/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * With "proc": "full" the kernel's files are there: those that leak or control are covered,
 * files by /dev/null of our own tree and directories by an empty read-only tmpfs; /proc/sys
 * and its like become read-only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "launcher/evidence.h"
#include "launcher/mounts.h"
#include "launcher/run.h"
#include "launcher/steps/mask_paths.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static const char *const masked[] = {
	"/proc/acpi",          "/proc/asound",
	"/proc/config.gz",     "/proc/interrupts",
	"/proc/kallsyms",      "/proc/kcore",
	"/proc/keys",          "/proc/key-users",
	"/proc/kmsg",          "/proc/kpagecgroup",
	"/proc/kpagecount",    "/proc/kpageflags",
	"/proc/latency_stats", "/proc/modules",
	"/proc/sched_debug",   "/proc/scsi",
	"/proc/slabinfo",      "/proc/sysrq-trigger",
	"/proc/timer_list",    "/proc/timer_stats",
	"/proc/vmallocinfo",   NULL,
};
static const char *const readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", NULL };

const struct spec_strings mask_paths_masked = { masked, ARRAY_SIZE(masked) - 1 };
const struct spec_strings mask_paths_readonly = { readonly, ARRAY_SIZE(readonly) - 1 };

static int mask_paths_wanted(const struct spec *spec)
{
	return spec->proc == SPEC_PROC_FULL;
}

static int cover(struct run *run, const char *path, struct error *err)
{
	static const struct mounts_option empty[] = {
		{ "size", "4k" }, { "nr_inodes", "1" }, { "mode", "0000" }, { NULL, NULL }
	};
	uint64_t flags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
	_cleanup_fd_ int target = path_open_plain(run->rootfs_fd, path, O_PATH), tree = -1;
	struct stat st;
	int r;

	if (target == -ENOENT)
		return STEP_ABSENT;
	if (target < 0 || fstat(target, &st) < 0)
		return error_set(err, target < 0 ? -target : errno, "open %s", path);
	if (S_ISDIR(st.st_mode))
		tree = mounts_new("tmpfs", empty, flags | MOUNT_ATTR_NODEV);
	else
		tree = mounts_clone("/dev/null", false, flags);
	r = tree < 0 ? tree : mounts_attach(tree, target);
	return r < 0 ? error_set(err, -r, "cover %s", path) : STEP_DONE;
}

static int make_readonly(struct run *run, const char *path, struct error *err)
{
	_cleanup_fd_ int target = path_open_plain(run->rootfs_fd, path, O_PATH), tree = -1;
	int r;

	if (target == -ENOENT)
		return STEP_ABSENT;
	if (target < 0)
		return error_set(err, -target, "open %s", path);
	tree = open_tree(target, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree < 0)
		return error_set(err, errno, "copy the mount of %s", path);
	r = mounts_restrict(tree, false,
			    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (r == 0)
		r = mounts_attach(tree, target);
	return r < 0 ? error_set(err, -r, "make %s read-only", path) : STEP_DONE;
}

static int mask_paths_apply(const struct step *step, struct run *run, struct error *err)
{
	(void)step;
	for (size_t i = 0; i < mask_paths_readonly.n; i++) {
		int r = make_readonly(run, readonly[i], err);

		if (r < 0)
			return r;
		run->proof->read_only += r == STEP_DONE;
	}
	for (size_t i = 0; i < mask_paths_masked.n; i++) {
		int r = cover(run, masked[i], err);

		if (r < 0)
			return r;
		run->proof->masked += r == STEP_DONE;
	}
	return STEP_DONE;
}

static size_t count_read_only(const struct evidence *evidence, const char *const *paths, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		const struct mount_row *row = evidence_mount(evidence, paths[i]);

		found += row && evidence_option(row->options, "ro");
	}
	return found;
}

static int mask_paths_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			     char report[STEP_REPORT_MAX], struct error *err)
{
	size_t covered = count_read_only(evidence, masked, mask_paths_masked.n);
	size_t locked = count_read_only(evidence, readonly, mask_paths_readonly.n);

	(void)step;
	/* Every kernel has /proc/sys, kallsyms or keys: nothing found at all means that nothing was done. */
	if (covered == 0 || locked == 0 || covered != run->proof->masked || locked != run->proof->read_only)
		return error_set(err, EBADE,
				 "%zu of %u kernel files are covered, %zu of %u directories read-only",
				 covered, run->proof->masked, locked, run->proof->read_only);
	snprintf(report, STEP_REPORT_MAX, "%zu files covered, %zu directories read-only", covered, locked);
	return STEP_DONE;
}

static void mask_paths_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step, (void)spec;
	fprintf(out, "%zu kernel files covered, %zu directories read-only", mask_paths_masked.n,
		mask_paths_readonly.n);
}

const struct step_type step_mask_paths = {
	.name = "mask-path",
	.blocks = "reading kernel memory or keys, and changing kernel settings, through /proc",
	.source = "mount(2), openat2(2); runtime-spec config-linux.md, maskedPaths",
	.phase = PHASE_MOUNT,
	.apply = mask_paths_apply,
	.verify = mask_paths_verify,
	.explain = mask_paths_explain,
	.wanted = mask_paths_wanted,
};
