/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device_attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int device_attempt_open(void *arg)
{
	const struct device_attempt *attempt = arg;

	return open(attempt->path, attempt->flags | O_CLOEXEC) < 0 ? errno : 0;
}

int device_attempt_mknod(void *arg)
{
	const struct device_node *node = arg;
	int r = mknod(node->path, S_IFCHR | 0600, makedev(1, node->minor)) < 0 ? errno : 0;

	unlink(node->path);
	return r;
}
