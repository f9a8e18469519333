/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/children.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"

struct directory_entry { /* linux_dirent64, getdents64(2) */
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

int children_next(int fd, char name[PATH_MAX], off_t *ret_offset)
{
	union {
		struct directory_entry entry;
		char bytes[sizeof(struct directory_entry) + PATH_MAX];
	} buffer;

	for (;;) {
		long size = syscall(SYS_getdents64, fd, buffer.bytes, sizeof(buffer.bytes));

		if (size <= 0)
			return size < 0 ? -errno : 0;
		for (long at = 0; at < size;) {
			const struct directory_entry *entry = (const void *)(buffer.bytes + at);

			if (entry->type == DT_DIR && !str_equal(entry->name, ".") &&
			    !str_equal(entry->name, "..")) {
				size_t length = strnlen(entry->name, PATH_MAX - 1);

				memcpy(name, entry->name, length);
				name[length] = '\0';
				*ret_offset = entry->offset;
				return 1;
			}
			at += entry->length;
		}
	}
}
