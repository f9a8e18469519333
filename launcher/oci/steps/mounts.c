/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mounts[], in the order given, as the runtime-spec demands: later ones may lie in earlier ones. Each is made
 * detached, gets all its flags there, and is then attached to a descriptor below the root: at no moment is it
 * reachable with less restrictions than asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "launcher/evidence.h"
#include "launcher/mounts.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/filesystem.h"
#include "launcher/oci/steps/mount_parts.h"
#include "launcher/run.h"
#include "profiles/oci/oci.h"
#include "profiles/spec.h"

static int mounts_wanted(const struct spec *spec)
{
	return spec->oci->n_mounts > 0;
}

static int *empty_fds(struct arena *arena, size_t n)
{
	int *fds = arena_array(arena, n, sizeof(*fds));

	for (size_t i = 0; fds && i < n; i++)
		fds[i] = -1;
	return fds;
}

static int mounts_prepare(const struct step *step, struct run *run, struct error *err)
{
	struct oci_run *oci_run = run->oci;
	const struct oci *oci = oci_run->oci;
	int r = 0;

	(void)step;
	if (!oci->namespaces[OCI_NS_MOUNT].given) {
		error_set(err, EINVAL, "mount anything without a mount namespace");
		return error_remedy(err, "add {\"type\": \"mount\"} to linux.namespaces");
	}
	if (oci->mount_label && access("/sys/fs/selinux/enforce", F_OK) < 0) {
		error_set(err, ENOTSUP, "use linux.mountLabel %s: SELinux is not active", oci->mount_label);
		return error_remedy(err, "boot with selinux=1 security=selinux, or leave out the label");
	}
	if (!oci_run->source_fds)
		oci_run->source_fds = empty_fds(run->arena, oci->n_mounts);
	if (!oci_run->source_fds)
		return error_set(err, ENOMEM, "note the mounts");
	for (size_t i = 0; r == 0 && i < oci->n_mounts; i++)
		r = mount_source_prepare(run, &oci->mounts[i], err);
	return r;
}

static int mounts_acquire(const struct step *step, struct run *run, struct error *err)
{
	int r = 0;

	(void)step;
	for (size_t i = 0; r == 0 && i < run->oci->oci->n_mounts; i++)
		r = mount_source_acquire(run, i, err);
	return r;
}

static int mounts_map(const struct step *step, struct run *run, struct error *err)
{
	int r = 0;

	(void)step;
	for (size_t i = 0; r == 0 && i < run->oci->oci->n_mounts; i++)
		r = mount_source_map(run, i, err);
	return r;
}

/* Flags of a copy; a new file system has got those of its own mount already. */
static int set_attributes(const struct oci_mount *mount, int tree, struct error *err)
{
	const struct oci_mount_flags *flags = &mount->flags;
	uint64_t later = mount_words_deferred(mount) ? MOUNT_ATTR_RDONLY : 0;
	const struct mounts_change own = { .set = flags->attr_set & ~later, .clear = flags->attr_clear };
	const struct mounts_change all = { .set = flags->rec_attr_set, .clear = flags->rec_attr_clear };
	char text[MOUNT_TEXT_MAX];
	int r = 0;

	if ((flags->bind || flags->remount) && (own.set || own.clear))
		r = mounts_alter(tree, false, &own);
	if (r == 0 && (all.set || all.clear))
		r = mounts_alter(tree, true, &all);
	if (r == 0)
		return 0;
	error_set(err, -r, "%s: set its flags", mount_words_text(mount, text));
	if (r == -EPERM)
		return error_remedy(
			err, "the host has mounted the source with flags that a user namespace may not "
			     "take away: leave out rw, suid, dev, exec and the atime options");
	return r;
}

static int set_propagation(const struct oci_mount *mount, int tree, struct error *err)
{
	for (size_t i = 0; i < mount->flags.n_propagation; i++) {
		uint64_t kind = mount->flags.propagation[i];
		const struct mounts_change change = { .propagation = kind & ~(uint64_t)MS_REC };
		int r = mounts_alter(tree, kind & MS_REC, &change);

		if (r < 0)
			return error_set(err, -r, "set the propagation of the mount on %s",
					 mount->destination);
	}
	return 0;
}

static int finish(struct run *run, size_t index, int *tree, int target, struct error *err)
{
	const struct oci_mount *mount = &run->oci->oci->mounts[index];
	char text[MOUNT_TEXT_MAX];
	int r = set_attributes(mount, *tree, err);

	if (r == 0)
		r = set_propagation(mount, *tree, err);
	if (r < 0)
		return r;
	r = mounts_attach(*tree, target);
	if (r < 0)
		return error_set(err, -r, "%s: attach it", mount_words_text(mount, text));
	/* Kept open for the moment when it becomes read-only. */
	if (mount_words_deferred(mount))
		run->oci->source_fds[index] = take_fd(tree);
	return 0;
}

static int bind(struct run *run, size_t index, struct error *err)
{
	const struct oci_mount *mount = &run->oci->oci->mounts[index];
	_cleanup_fd_ int tree = -1, target = -1;
	struct stat st;
	int r, mode;

	if (mount->flags.copy_symlink) {
		r = mount_source_link(run, mount, err);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	tree = mount_source_open(run, index, err);
	if (tree < 0)
		return take_fd(&tree);
	if (fstat(tree, &st) < 0)
		return error_set(err, errno, "look at the source %s of a mount", mount->source);
	target = mount_target_open(run, mount, tree, S_ISDIR(st.st_mode), &mode, err);
	return target < 0 ? take_fd(&target) : finish(run, index, &tree, target, err);
}

static bool shows_kernel(const struct oci_mount *mount)
{
	return mount_words_cgroup(mount) || str_equal(mount->type, "proc") ||
	       str_equal(mount->type, "sysfs") || str_equal(mount->type, "mqueue");
}

static int mount_file_system(struct run *run, size_t index, struct error *err)
{
	const struct oci_mount *mount = &run->oci->oci->mounts[index];
	_cleanup_fd_ int target = -1, tree = -1;
	int mode, r = 0;

	target = mount_target_open(run, mount, -1, true, &mode, err);
	if (target < 0)
		return take_fd(&target);
	/* A tmpfs takes the mode of the directory that it covers, if the image has it. */
	tree = shows_kernel(mount) ? mount_kernel_open(run, mount, err)
				   : mount_new_open(run, mount, mode, err);
	if (tree < 0)
		return take_fd(&tree);
	if (mount->flags.tmpcopyup && mode >= 0 && str_equal(mount->type, "tmpfs"))
		r = copy_up_tree(target, tree, err);
	return r < 0 ? r : finish(run, index, &tree, target, err);
}

static int remount(struct run *run, const struct oci_mount *mount, struct error *err)
{
	int mode, r;
	_cleanup_fd_ int target = mount_target_open(run, mount, -1, true, &mode, err);

	if (target < 0)
		return take_fd(&target);
	r = mount->flags.bind ? 0 : mount_new_reconfigure(mount, target, err);
	if (r == 0)
		r = set_attributes(mount, target, err);
	return r == 0 ? set_propagation(mount, target, err) : r;
}

static int mounts_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct oci *oci = run->oci->oci;
	mode_t before = umask(0022); /* mount points are for everyone, whoever calls us */
	int r = 0;

	(void)step;
	for (size_t i = 0; r == 0 && i < oci->n_mounts; i++) {
		const struct oci_mount *mount = &oci->mounts[i];

		r = mount->flags.remount ? remount(run, mount, err)
		    : mount->flags.bind  ? bind(run, i, err)
					 : mount_file_system(run, i, err);
	}
	umask(before);
	return r < 0 ? r : STEP_DONE;
}

/* A later mount at the same place, or a remount of it, is what counts there. */
static bool covered(const struct oci *oci, size_t index)
{
	for (size_t i = index + 1; i < oci->n_mounts; i++)
		if (str_equal(oci->mounts[i].destination, oci->mounts[index].destination))
			return true;
	return false;
}

static int mounts_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			 char report[STEP_REPORT_MAX], struct error *err)
{
	const struct oci *oci = run->oci->oci;
	size_t checked = 0, unseen = 0;

	(void)step;
	for (size_t i = 0; i < oci->n_mounts; i++) {
		const struct oci_mount *mount = &oci->mounts[i];
		const struct mount_row *row;
		int r;

		if (covered(oci, i))
			continue;
		r = mount_words_row(evidence, mount->destination, &row);
		if (r == -EACCES || r == -EPERM || (!row && mount->flags.copy_symlink)) {
			unseen++;
			continue;
		}
		r = mount_words_check(mount, row, err);
		if (r < 0)
			return r;
		checked++;
	}
	snprintf(report, STEP_REPORT_MAX, "%zu of %zu mounts have their type and flags", checked,
		 oci->n_mounts);
	return STEP_DONE;
}

static void mounts_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	for (size_t i = 0; i < spec->oci->n_mounts; i++)
		fprintf(out, "%s%s", i ? " " : "", spec->oci->mounts[i].destination);
}

const struct step_type oci_step_mounts = {
	.name = "mounts",
	.blocks = "a mount that has more rights, or stands somewhere else, than the config says",
	.source = "runtime-spec config.md, mounts; mount_setattr(2), fsopen(2), open_tree(2), move_mount(2)",
	.phase = PHASE_MOUNT,
	.prepare = mounts_prepare,
	.acquire = mounts_acquire,
	.map = mounts_map,
	.apply = mounts_apply,
	.verify = mounts_verify,
	.explain = mounts_explain,
	.wanted = mounts_wanted,
};
