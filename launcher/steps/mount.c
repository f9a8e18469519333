/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One mount of the profile: a bind of a host path or a tmpfs of limited size; nosuid, nodev,
 * noexec, nosymfollow and read-only unless the profile opens it. Mount points are resolved
 * inside the root and never created in the image or in a bind: kapsel does not write there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "launcher/evidence.h"
#include "launcher/host.h"
#include "launcher/mounts.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static uint64_t attributes(const struct spec_mount *mount)
{
	uint64_t flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

	if (!mount->exec)
		flags |= MOUNT_ATTR_NOEXEC;
	if (!mount->write && mount->type == SPEC_MOUNT_BIND)
		flags |= MOUNT_ATTR_RDONLY;
	/* What the workload can write it could also make a link, to trap the next reader. */
	if (mount->write || mount->type == SPEC_MOUNT_TMPFS)
		flags |= MOUNT_ATTR_NOSYMFOLLOW;
	return flags;
}

static size_t index_of(const struct step *step)
{
	return (size_t)((const struct spec_mount *)step->arg - step->spec->mounts);
}

static int mount_prepare(const struct step *step, struct run *run, struct error *err)
{
	const struct spec_mount *mount = step->arg;

	if (index_of(step) >= RUN_MOUNTS_MAX)
		return error_set(err, E2BIG, "more than %d mounts", RUN_MOUNTS_MAX);
	if (mount->idmap && !host_privileged(run->host)) {
		error_set(err, EPERM, "id-map the mount %s", mount->target);
		return error_remedy(
			err, "\"idmap\" needs root: the kernel wants rights over the file system itself");
	}
	return 0;
}

static int mount_acquire(const struct step *step, struct run *run, struct error *err)
{
	const struct spec_mount *mount = step->arg;
	int fd;

	if (mount->type != SPEC_MOUNT_BIND)
		return 0;
	fd = mounts_clone(mount->source, mount->recursive, attributes(mount));
	if (fd == -ENOENT && mount->optional)
		return 0;
	if (fd < 0) {
		error_set(err, -fd, "open the source %s of the mount %s", mount->source, mount->target);
		if (fd == -ENOENT)
			return error_remedy(err, "create it, or set \"optional\": true for this mount");
		return fd;
	}
	run->mount_fds[index_of(step)] = fd;
	return 0;
}

/* The ids on disk are the ids inside: needs the container's user namespace, and a tree that nobody uses yet.
 */
static int mount_map(const struct step *step, struct run *run, struct error *err)
{
	const struct spec_mount *mount = step->arg;
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	_cleanup_fd_ int userns = -1;
	char path[64];

	if (!mount->idmap || run->mount_fds[index_of(step)] < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)run->init_pid);
	userns = open(path, O_RDONLY | O_CLOEXEC);
	if (userns < 0)
		return error_set(err, errno, "open %s", path);
	attr.userns_fd = (uint64_t)userns;
	if (mount_setattr(run->mount_fds[index_of(step)], "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0) {
		error_set(err, errno, "id-map the mount %s", mount->target);
		return error_remedy(err, "the file system of %s may not support id-mapped mounts",
				    mount->source);
	}
	return 0;
}

/* "128MiB" of tmpfs holds that many bytes; inodes are bounded too, or empty files would eat the kernel. */
static int new_tmpfs(const struct step *step, struct error *err)
{
	const struct spec_mount *mount = step->arg;
	uint64_t inodes = mount->inodes == SPEC_UNSET ? mount->size_bytes / 4096 : mount->inodes;
	char size[32], count[32], mode[16];
	const struct mounts_option options[] = {
		{ "size", size },
		{ "nr_inodes", count },
		{ "mode", mode },
		{ NULL, NULL },
	};
	int fd;

	snprintf(size, sizeof(size), "%" PRIu64, mount->size_bytes == SPEC_UNLIMITED ? 0 : mount->size_bytes);
	snprintf(count, sizeof(count), "%" PRIu64,
		 mount->size_bytes == SPEC_UNLIMITED ? 0
		 : inodes < 16                       ? 16
						     : inodes);
	snprintf(mode, sizeof(mode), "%04o", mount->mode);
	fd = mounts_new("tmpfs", options, attributes(mount));
	return fd < 0 ? error_set(err, -fd, "create the tmpfs for %s", mount->target) : fd;
}

/* A missing mount point is made only where the nearest tree is a tmpfs of ours. */
static int open_target(const struct step *step, struct run *run, struct error *err)
{
	const struct spec_mount *mount = step->arg, *parent = NULL;
	int flags = O_PATH;
	int fd = path_open_in_root(run->rootfs_fd, mount->target, flags);

	if (fd != -ENOENT)
		return fd < 0 ? error_set(err, -fd, "open the mount point %s", mount->target) : fd;
	for (size_t i = 0; i < index_of(step); i++) {
		const struct spec_mount *other = &step->spec->mounts[i];
		size_t length = strlen(other->target);

		if (str_starts(mount->target, other->target) && mount->target[length] == '/')
			parent = other;
	}
	if (parent && parent->type == SPEC_MOUNT_TMPFS) {
		_cleanup_fd_ int base =
			path_open_in_root(run->rootfs_fd, parent->target, O_PATH | O_DIRECTORY);

		if (base >= 0)
			fd = path_make_in(base, mount->target + strlen(parent->target) + 1, 0755);
		if (fd >= 0)
			return fd;
	}
	error_set(err, -fd, "open the mount point %s", mount->target);
	return error_remedy(err, "kapsel does not write into the image: mkdir -p %s%s (or touch, for a file)",
			    step->spec->rootfs, mount->target);
}

static int mount_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct spec_mount *mount = step->arg;
	_cleanup_fd_ int target = -1, tree = -1;
	int r;

	if (mount->type == SPEC_MOUNT_TMPFS) {
		tree = new_tmpfs(step, err);
		if (tree < 0)
			return tree;
	} else {
		tree = take_fd(&run->mount_fds[index_of(step)]);
		if (tree < 0)
			return STEP_ABSENT; /* optional, and the source was missing */
	}
	target = open_target(step, run, err);
	if (target < 0)
		return target;
	r = mounts_attach(tree, target);
	if (r < 0) {
		error_set(err, -r, "mount %s", mount->target);
		if (r == -ENOTDIR || r == -EINVAL)
			return error_remedy(err,
					    "source and mount point must both be directories, or both files");
		return r;
	}
	return STEP_DONE;
}

/* The name that /proc has for a descriptor. */
static bool name_of(int fd, char *name, size_t size)
{
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, name, size - 1);
	if (length <= 0)
		return false;
	name[length] = '\0';
	return true;
}

/*
 * The kernel lists a mount where it really is: an image with /var/run -> /run has that of
 * /var/run/x at /run/x. So a target that is not listed is looked up through the image's links.
 */
static const struct mount_row *find_row(const struct step *step, const struct evidence *evidence)
{
	const struct spec_mount *mount = step->arg;
	const struct mount_row *row = evidence_mount(evidence, mount->target);
	_cleanup_fd_ int root = -1, target = -1;
	char above[PATH_MAX], name[PATH_MAX];

	if (row)
		return row;
	root = open(step->spec->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0)
		target = path_open_in_root(root, mount->target, O_PATH);
	if (target < 0 || !name_of(root, above, sizeof(above)) || !name_of(target, name, sizeof(name)) ||
	    !str_starts(name, above))
		return NULL;
	return evidence_mount(evidence, name + strlen(above));
}

static int mount_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			char report[STEP_REPORT_MAX], struct error *err)
{
	const struct spec_mount *mount = step->arg;
	const struct mount_row *row = find_row(step, evidence);
	uint64_t flags = attributes(mount);

	(void)run;
	if (!row && mount->optional) {
		snprintf(report, STEP_REPORT_MAX, "%s absent (optional)", mount->target);
		return STEP_ABSENT;
	}
	if (!row || !evidence_option(row->options, "nosuid") || !evidence_option(row->options, "nodev") ||
	    ((flags & MOUNT_ATTR_NOEXEC) && !evidence_option(row->options, "noexec")) ||
	    ((flags & MOUNT_ATTR_NOSYMFOLLOW) && !evidence_option(row->options, "nosymfollow")) ||
	    ((flags & MOUNT_ATTR_RDONLY) && !evidence_option(row->options, "ro")))
		return error_set(err, EBADE, "%s is mounted %s", mount->target,
				 row ? row->options : "nowhere");
	snprintf(report, STEP_REPORT_MAX, "%s %s %s", mount->target, row->fstype, row->options);
	return STEP_DONE;
}

static void mount_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	const struct spec_mount *mount = step->arg;

	(void)spec;
	if (mount->type == SPEC_MOUNT_TMPFS)
		fprintf(out, "%s: tmpfs of %" PRIu64 " bytes", mount->target, mount->size_bytes);
	else
		fprintf(out, "%s: %s of the host%s", mount->target, mount->source,
			mount->recursive ? " with what is mounted below" : "");
	fprintf(out, ", %s, %s, nosuid, nodev",
		mount->write || mount->type == SPEC_MOUNT_TMPFS ? "writable" : "read-only",
		mount->exec ? "exec" : "noexec");
}

const struct step_type step_mount = {
	.name = "mount",
	.blocks = "writing to, executing from, or following links in what the host shares",
	.source = "open_tree(2), mount_setattr(2), tmpfs(5)",
	.phase = PHASE_MOUNT,
	.prepare = mount_prepare,
	.acquire = mount_acquire,
	.map = mount_map,
	.apply = mount_apply,
	.verify = mount_verify,
	.explain = mount_explain,
};
