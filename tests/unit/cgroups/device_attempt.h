/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a device filter refuses or lets through: bodies for scratch_spawn(), whose status is 0 or the errno.
 */

struct device_attempt {
	const char *path;
	int flags; /* of open(2) */
};

/** device_attempt_open() - @arg: a struct device_attempt. */
int device_attempt_open(void *arg);

struct device_node {
	const char *path;   /* where it is tried, and removed again */
	unsigned int minor; /* of the memory devices, major 1 */
};

/** device_attempt_mknod() - @arg: a struct device_node. */
int device_attempt_mknod(void *arg);
