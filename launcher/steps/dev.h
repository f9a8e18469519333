/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The five nodes that every container's /dev has; the device filter allows the same ones. */

/* The socket of sd_notify(3), where the profile has "notify". */
#define DEV_NOTIFY "/dev/notify"

enum { DEV_NODES = 5 };

struct dev_node {
	const char *path;
	unsigned int major, minor;
};

extern const struct dev_node dev_nodes[DEV_NODES];
