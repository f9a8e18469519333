/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * File systems that show the kernel. A user namespace gets a new one only together with the namespace that it
 * is about (network for sysfs, ipc for mqueue, pid for proc, cgroup for cgroup2), and where the host's own is
 * not covered. For the rest a copy of the host's mount serves, with the wanted flags on all that is below it:
 * a read-only /sys that is writable two levels down is none.
 */
#include "launcher/oci/steps/mount_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "launcher/mounts.h"
#include "launcher/oci/run.h"
#include "launcher/run.h"
#include "profiles/oci/oci.h"

/* Inode number of the initial cgroup namespace (include/linux/proc_ns.h), the same in every kernel. */
static const ino_t initial_cgroup_namespace = 0xEFFFFFFB;

static int copy_from_host(const struct oci_mount *mount, const char *path, bool recursive, struct error *err)
{
	const struct mounts_change change = { .set = mount->flags.attr_set, .propagation = MS_SLAVE };
	_cleanup_fd_ int tree = mounts_copy(AT_FDCWD, path, recursive);
	int r = tree < 0 ? tree : mounts_alter(tree, true, &change);

	if (r < 0)
		return error_set(err, -r, "copy the host's %s for the mount on %s", path, mount->destination);
	return take_fd(&tree);
}

static bool new_or_joined(const struct oci_run *run, enum oci_namespace_type type)
{
	return run->oci->namespaces[type].given;
}

static int open_proc(const struct run *run, const struct oci_mount *mount, struct error *err)
{
	int fd = mount_new_open(run, mount, -1, err);

	if (fd != -EPERM)
		return fd;
	/* The host's pid namespace is what the container is in: then this shows nothing else. */
	if (!new_or_joined(run->oci, OCI_NS_PID)) {
		*err = (struct error){ 0 };
		return copy_from_host(mount, "/proc", true, err);
	}
	return error_remedy(err,
			    "the kernel wants a complete /proc outside: is the runtime itself in a container "
			    "that masks it?");
}

static int open_or_copy(const struct run *run, const struct oci_mount *mount, const char *path,
			struct error *err)
{
	int fd = mount_new_open(run, mount, -1, err);

	if (fd != -EPERM)
		return fd;
	*err = (struct error){ 0 };
	return copy_from_host(mount, path, true, err);
}

/* It takes no context= option: its root gets the label itself. */
static int open_mqueue(const struct run *run, const struct oci_mount *mount, struct error *err)
{
	const char *label = run->oci->oci->mount_label;
	int fd = open_or_copy(run, mount, "/dev/mqueue", err);

	if (fd >= 0 && label && access("/sys/fs/selinux/enforce", F_OK) == 0) {
		_cleanup_fd_ int tree = fd, dir = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (dir < 0 || fsetxattr(dir, "security.selinux", label, strlen(label), 0) < 0)
			return error_set(err, errno, "set the label %s on %s", label, mount->destination);
		return take_fd(&tree);
	}
	return fd;
}

static bool in_own_cgroup_namespace(const struct oci_run *run)
{
	struct stat st;

	return new_or_joined(run, OCI_NS_CGROUP) && stat("/proc/self/ns/cgroup", &st) == 0 &&
	       st.st_ino != initial_cgroup_namespace;
}

/* Nothing to show: an empty directory, so that not the /sys below it is taken for the container's. */
static int open_nothing(const struct oci_mount *mount, struct error *err)
{
	static const struct mounts_option options[] = {
		{ "size", "4k" }, { "nr_inodes", "1" }, { "mode", "0555" }, { NULL, NULL }
	};
	int fd = mounts_new("tmpfs", options,
			    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

	return fd < 0 ? error_set(err, -fd, "cover %s", mount->destination) : fd;
}

/* The container's own group and what is below it, as a cgroup namespace would show. */
static int copy_own_group(const struct run *run, const struct oci_mount *mount, struct error *err)
{
	const struct cgroup_container *group = &run->oci->state->cgroup;
	char path[sizeof(group->mount) + sizeof(group->path)];
	struct statfs fs;

	if (group->path[0] == '\0')
		return open_nothing(mount, err);
	snprintf(path, sizeof(path), "%s%s", group->mount, group->path);
	if (statfs(path, &fs) < 0)
		return error_set(err, errno, "open the container's cgroup %s", path);
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return error_set(err, EBADE, "open the container's cgroup: %s is not on cgroup2", path);
	return copy_from_host(mount, path, false, err);
}

/*
 * A new cgroup2 mount in the initial cgroup namespace would show all groups, and change the options of the
 * host's own mount (nsdelegate and others hold for the one hierarchy). So only a namespace of its own gets
 * one.
 */
static int open_cgroup(const struct run *run, const struct oci_mount *mount, struct error *err)
{
	struct oci_mount plain = *mount;
	int fd = -EPERM;

	plain.type = "cgroup2";
	plain.flags.data = NULL;
	/* "ro" belongs to this mount; the file system is the host's. */
	plain.flags.super_set = plain.flags.super_clear = 0;
	if (in_own_cgroup_namespace(run->oci)) {
		fd = mount_new_open(run, &plain, -1, err);
		if (fd != -EPERM && fd != -EBUSY)
			return fd;
		*err = (struct error){ 0 };
	}
	return copy_own_group(run, mount, err);
}

int mount_kernel_open(const struct run *run, const struct oci_mount *mount, struct error *err)
{
	if (mount_words_cgroup(mount))
		return open_cgroup(run, mount, err);
	if (str_equal(mount->type, "proc"))
		return open_proc(run, mount, err);
	if (str_equal(mount->type, "sysfs"))
		return open_or_copy(run, mount, "/sys", err);
	return open_mqueue(run, mount, err);
}
