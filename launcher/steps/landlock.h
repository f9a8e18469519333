/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Landlock's rights by what they are for; a profile's step and an OCI layer's build their rules from them. */
#include <linux/landlock.h>
#include <stdint.h>

struct error;

/* Rights newer than Debian 12's header. */
#define LANDLOCK_TRUNCATE       (UINT64_C(1) << 14) /* ABI 3, 6.2 */
#define LANDLOCK_IOCTL_DEV      (UINT64_C(1) << 15) /* ABI 5, 6.10 */
#define LANDLOCK_BIND_TCP       (UINT64_C(1) << 0)  /* ABI 4, 6.7 */
#define LANDLOCK_CONNECT_TCP    (UINT64_C(1) << 1)
#define LANDLOCK_SCOPE_ABSTRACT (UINT64_C(1) << 0) /* ABI 6, 6.12 */
#define LANDLOCK_SCOPE_SIGNALS  (UINT64_C(1) << 1)

#define LANDLOCK_READ       (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define LANDLOCK_EXECUTE    ((uint64_t)LANDLOCK_ACCESS_FS_EXECUTE)
#define LANDLOCK_WRITE_FILE (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_TRUNCATE)
/* No MAKE_CHAR and MAKE_BLOCK: no workload makes device nodes. */
#define LANDLOCK_WRITE_TREE                                                                                  \
	(LANDLOCK_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |              \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |          \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER)

/** landlock_known() - Return: every right that a kernel of this ABI handles. */
uint64_t landlock_known(int abi);

/**
 * landlock_allow() - a rule for what is beneath @fd; rights that a file can't have, or the ABI, are left out
 * @what: for the message
 *
 * Return: 0 or -errno.
 */
int landlock_allow(int ruleset, int fd, uint64_t rights, int abi, const char *what, struct error *err);
