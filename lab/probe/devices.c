/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D4: device nodes and file handles. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "lab/probe/attempt.h"

union handle { /* struct file_handle with room behind */
	struct file_handle head;
	char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

/* CVE-less but famous: inode 2 is the root of most file systems, whatever is mounted. */
static long open_root_inode(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int place = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int fd = -1;
	union handle handle;
	const unsigned int inode[2] = { 2, 0 };

	(void)probe;
	if (place < 0)
		return attempt_step(out, "open /");
	memset(&handle, 0, sizeof(handle));
	handle.head.handle_bytes = sizeof(inode);
	handle.head.handle_type = 1; /* FILEID_INO32_GEN */
	memcpy(handle.bytes + sizeof(handle.head), inode, sizeof(inode));
	fd = open_by_handle_at(place, &handle.head, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ESTALE) {
		attempt_note(out, "permitted (ESTALE: no such inode on this file system)");
		return 0;
	}
	return fd;
}

static long name_handle(const struct probe *probe, struct outcome *out)
{
	union handle handle;
	int mount_id;

	(void)probe;
	memset(&handle, 0, sizeof(handle));
	handle.head.handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, "/", &handle.head, &mount_id, 0) == 0)
		return 0;
	if (errno != EOPNOTSUPP)
		return -1;
	attempt_note(out, "permitted (EOPNOTSUPP: this file system has no handles)");
	return 0;
}

static long make_node(const struct probe *probe, struct outcome *out)
{
	char path[PATH_MAX];
	int fd;

	attempt_path(path);
	if (mknod(path, (mode_t)probe->a | 0600, makedev((unsigned int)probe->b, (unsigned int)probe->c)) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	attempt_note(out, "node made; its open: %s", fd < 0 ? strerrorname_np(errno) : "OK");
	if (fd >= 0)
		close(fd);
	unlink(path);
	return 0;
}

/* The harness puts the node there; one that opens is nodev and the device filter missing. */
static long open_image_node(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open(probe->text, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return attempt_untestable(out, "the image has no %s", probe->text);
	return fd;
}

static long open_device(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open(probe->text, (int)probe->a | O_NONBLOCK | O_CLOEXEC);

	(void)out;
	return fd;
}

const struct probe probes_devices[] = {
	{ 58, "open-by-handle", "open inode 2 by its handle", open_root_inode, 0 },
	{ 59, "name-to-handle", "get a handle of /", name_handle, 0 },
	{ 60, "mknod-disk", "make block device 8:0", make_node, 0, S_IFBLK, 8, 0 },
	{ 60, "mknod-mem", "make character device 1:1", make_node, 0, S_IFCHR, 1, 1 },
	{ 60, "mknod-null", "make character device 1:3", make_node, 0, S_IFCHR, 1, 3 },
	{ 61, "mknod-whiteout", "make an overlay whiteout", make_node, 0, S_IFCHR, 0, 0 },
	{ 62, "image-block-node", "open a block device node of the image", open_image_node, 0,
	  .text = "/probe/block-node" },
	{ 62, "image-char-node", "open a character device node of the image", open_image_node, 0,
	  .text = "/probe/char-node" },
	{ 63, "dev-mem", "open /dev/mem", open_device, 0, .text = "/dev/mem" },
	{ 63, "dev-port", "open /dev/port", open_device, 0, .text = "/dev/port" },
	{ 63, "dev-kmsg", "open /dev/kmsg", open_device, 0, .text = "/dev/kmsg" },
	{ 63, "dev-fuse", "open /dev/fuse", open_device, 0, O_RDWR, .text = "/dev/fuse" },
	{ 63, "dev-kvm", "open /dev/kvm", open_device, 0, O_RDWR, .text = "/dev/kvm" },
	{ 63, "dev-net-tun", "open /dev/net/tun", open_device, 0, O_RDWR, .text = "/dev/net/tun" },
	{ 63, "dev-sda", "open /dev/sda", open_device, 0, .text = "/dev/sda" },
	{ 63, "dev-vda", "open /dev/vda", open_device, 0, .text = "/dev/vda" },
	{ 0 },
};
