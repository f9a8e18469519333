/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A root file system that `audit --rootfs` walks through: the directory that the input describes
 * (directory.h); the files "links" and "links-bin" hold links of its top and of usr/bin, which lead anywhere
 * and must not be followed. What is found is counted, and what is printed is harmless.
 */
#include <sys/xattr.h>

#include "base/error.h"
#include "base/fd.h"
#include "lab/audit/rootfs.h"
#include "lab/audit/rootfs_print.h"
#include "tests/fuzz/directory.h"

/* CAP_NET_RAW, effective and permitted: VFS_CAP_REVISION_2 (capabilities(7)). */
static const uint8_t capability[20] = { 1, 0, 0, 2, 0, 0x20 };

static void give_capability(const char *name)
{
	_cleanup_fd_ int fd = openat(directory_fd(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		(void)!fsetxattr(fd, "security.capability", capability, sizeof(capability), 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_rootfs_ struct rootfs *rootfs = NULL;
	struct printed printed;
	struct error err = { 0 };

	directory_fill(data, size);
	directory_links("links", ".");
	directory_links("links-bin", "usr/bin");
	give_capability("capable");
	if (rootfs_scan(directory_path(), &rootfs, &err) < 0) {
		demand(err.msg[0] != '\0');
		return 0;
	}
	for (int kind = 0; kind < ROOTFS_KINDS; kind++)
		for (size_t i = 0; i < rootfs->found[kind].n; i++)
			demand(rootfs->found[kind].items[i].path[0] == '/');
	demand(rootfs_score(rootfs) <= 100);
	rootfs_print_table(printed_begin(&printed), rootfs, size % 2 ? 50 : -1, size & 2);
	printed_end(&printed, false);
	rootfs_print_json(printed_begin(&printed), rootfs, size % 2 ? 50 : -1);
	printed_end(&printed, true);
	return 0;
}
