/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a bind mount shows: a detached copy of a mount of the host. init makes it from its own mount
 * namespace, where the flags of a mount that came from a more privileged one are locked. What it can't reach
 * as root of a new user namespace, and what is id-mapped, the runtime has opened before with the caller's
 * rights.
 */
#include "launcher/oci/steps/mount_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "launcher/mounts.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/idmap_namespace.h"
#include "launcher/run.h"
#include "profiles/oci/oci.h"

static bool other_user_namespace(const struct oci_run *run)
{
	return run->new_userns || run->join_fds[OCI_NS_USER] >= 0;
}

int mount_source_prepare(const struct run *run, const struct oci_mount *mount, struct error *err)
{
	const struct oci_mount_flags *flags = &mount->flags;

	if (flags->bind && !flags->remount && !mount->source)
		return error_set(err, EINVAL, "bind mount on %s without a source", mount->destination);
	if (!flags->bind && !flags->remount && !mount->type)
		return error_set(err, EINVAL, "mount on %s with neither a type nor \"bind\"",
				 mount->destination);
	if (!flags->idmap)
		return 0;
	if (!flags->bind || flags->remount)
		return error_set(err, EINVAL, "id-map the mount on %s: only bind mounts can be",
				 mount->destination);
	if (mount->uid_maps.n == 0 && mount->gid_maps.n == 0 && !other_user_namespace(run->oci)) {
		error_set(err, EINVAL, "id-map the mount on %s", mount->destination);
		return error_remedy(err,
				    "give it uidMappings and gidMappings, or the container a user namespace");
	}
	return 0;
}

/* Whether mounts below it, made inside, shall appear on the host: asked for at the mount and at the root. */
static bool wants_shared(const struct oci *oci, const struct oci_mount *mount)
{
	if (!(oci->rootfs_propagation & MS_SHARED))
		return false;
	for (size_t i = 0; i < mount->flags.n_propagation; i++)
		if (mount->flags.propagation[i] & MS_SHARED)
			return true;
	return false;
}

/* A copy of a shared mount is its peer: what is mounted on it would appear on the host. */
static int leave_peers(const struct oci *oci, const struct oci_mount *mount, int tree, struct error *err)
{
	const struct mounts_change slave = { .propagation = MS_SLAVE };
	int r = wants_shared(oci, mount) ? 0 : mounts_alter(tree, mount->flags.recursive, &slave);

	return r < 0 ? error_set(err, -r, "keep mounts on %s from the host", mount->destination) : 0;
}

static int refuse_idmap(const struct oci_mount *mount, int r, struct error *err)
{
	error_set(err, -r, "id-map the mount %s on %s", mount->source, mount->destination);
	if (r == -EPERM)
		return error_remedy(err,
				    "id-mapping needs root: the kernel wants rights over the file system");
	if (r == -EINVAL)
		return error_remedy(err, "the file system of %s may not support id-mapped mounts",
				    mount->source);
	return r;
}

static int map_own(struct run *run, size_t index, int tree, struct error *err)
{
	const struct oci_mount *mount = &run->oci->oci->mounts[index];
	_cleanup_fd_ int userns = idmap_namespace_open(run->arena, &mount->uid_maps, &mount->gid_maps, err);
	int r;

	if (userns < 0)
		return take_fd(&userns);
	r = mounts_idmap(tree, mount->flags.recursive_idmap, userns);
	return r < 0 ? refuse_idmap(mount, r, err) : 0;
}

int mount_source_acquire(struct run *run, size_t index, struct error *err)
{
	const struct oci_mount *mount = &run->oci->oci->mounts[index];
	const struct oci_mount_flags *flags = &mount->flags;
	_cleanup_fd_ int tree = -1;
	int r;

	if (!flags->bind || flags->remount ||
	    (!flags->idmap && !other_user_namespace(run->oci) && !wants_shared(run->oci->oci, mount)))
		return 0;
	tree = mounts_copy(AT_FDCWD, mount->source, flags->recursive);
	if (tree < 0 && !flags->idmap) {
		tree = -1;
		return 0; /* init tries by itself, and has the last word */
	}
	if (tree < 0)
		return refuse_idmap(mount, tree, err);
	r = leave_peers(run->oci->oci, mount, tree, err);
	if (r == 0 && flags->idmap && (mount->uid_maps.n > 0 || mount->gid_maps.n > 0))
		r = map_own(run, index, tree, err);
	if (r == 0)
		run->oci->source_fds[index] = take_fd(&tree);
	return r;
}

int mount_source_map(struct run *run, size_t index, struct error *err)
{
	const struct oci_mount *mount = &run->oci->oci->mounts[index];
	_cleanup_fd_ int opened = -1;
	int userns = run->oci->join_fds[OCI_NS_USER], r;
	char path[64];

	if (!mount->flags.idmap || mount->uid_maps.n > 0 || mount->gid_maps.n > 0)
		return 0;
	if (userns < 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)run->init_pid);
		userns = opened = open(path, O_RDONLY | O_CLOEXEC);
		if (opened < 0)
			return error_set(err, errno, "open %s", path);
	}
	r = mounts_idmap(run->oci->source_fds[index], mount->flags.recursive_idmap, userns);
	return r < 0 ? refuse_idmap(mount, r, err) : 0;
}

int mount_source_open(struct run *run, size_t index, struct error *err)
{
	const struct oci_mount *mount = &run->oci->oci->mounts[index];
	_cleanup_fd_ int acquired = take_fd(&run->oci->source_fds[index]), tree = -1;
	int r;

	if (mount->flags.idmap && acquired < 0)
		return refuse_idmap(mount, -EPERM, err);
	/* In here the mount that the root stands on has left the host, and its copies with it. */
	if (mount->flags.idmap || (acquired >= 0 && wants_shared(run->oci->oci, mount)))
		return take_fd(&acquired);
	tree = mounts_copy(AT_FDCWD, mount->source, mount->flags.recursive);
	if (tree < 0 && acquired >= 0)
		return take_fd(&acquired);
	if (tree < 0) {
		error_set(err, -tree, "open the source %s of the mount on %s", mount->source,
			  mount->destination);
		if (tree == -ENOENT)
			return error_remedy(err, "the source of a bind mount must exist");
		if (tree == -EINVAL && !mount->flags.recursive)
			return error_remedy(err, "what is mounted below it may not be uncovered: use rbind");
		return tree;
	}
	/* Where nothing is to be shared, the whole namespace has left the host's peers already. */
	r = run->oci->oci->rootfs_propagation & MS_SHARED ? leave_peers(run->oci->oci, mount, tree, err) : 0;
	return r < 0 ? r : take_fd(&tree);
}

int mount_source_link(const struct run *run, const struct oci_mount *mount, struct error *err)
{
	char text[PATH_MAX], there[PATH_MAX], above[PATH_MAX];
	ssize_t length = readlink(mount->source, text, sizeof(text) - 1);
	_cleanup_fd_ int parent = -1;
	char *slash;

	if (length < 0)
		return 0;
	text[length] = '\0';
	if (path_normalise(mount->destination, above, sizeof(above)) < 0 || above[1] == '\0')
		return error_set(err, EINVAL, "make the link %s", mount->destination);
	slash = strrchr(above, '/');
	*slash = '\0';
	parent = path_make_in_root(run->oci->root_fd, above[0] ? above : "/", 0755);
	if (parent < 0)
		return error_set(err, -parent, "open the directory of the link %s", mount->destination);
	if (symlinkat(text, parent, slash + 1) == 0)
		return 1;
	if (errno != EEXIST)
		return error_set(err, errno, "make the link %s", mount->destination);
	length = readlinkat(parent, slash + 1, there, sizeof(there) - 1);
	there[length > 0 ? length : 0] = '\0';
	if (!str_equal(there, text))
		return error_set(err, EEXIST, "make the link %s: something else is there",
				 mount->destination);
	return 1;
}
