/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The OCI bundle in which a workload is observed. It is not the profile's container: nothing
 * that the profile closes is closed here, or it would never be seen. It has the profile's
 * command, ids, binds, /proc and network, so that the workload finds what it will find.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct observe_filter;
struct spec;

/*
 * Ids: those inside are 0 to 65535, so that changing them can be seen. The workload's own stand for
 * host_uid and host_gid, where the profile chose one its files belong to that; the others for first_id and
 * up.
 */
struct observe_ids {
	uint32_t uid, gid; /* inside */
	uint32_t host_uid, host_gid;
	uint32_t first_id;
	bool alone; /* a plain user: only the own ids exist, which are 0 in the stage's namespace */
};

struct observe_bundle {
	const struct spec *spec;
	const struct observe_ids *ids;
	const struct observe_filter *filter;
	const char *rootfs;
	const char *image;   /* where the image's own parts are, "" for the host's */
	const char *secrets; /* directory with copies of the profile's secrets */
	bool writable;       /* rootfs takes what is written */
	size_t n_listen;     /* descriptors from 3 on are the profile's sockets */
};

/** observe_bundle_capabilities() - Return: what the observed workload may do in its namespace, as bits. */
uint64_t observe_bundle_capabilities(const struct spec *spec);

/** observe_bundle_write() - write config.json. */
void observe_bundle_write(const struct observe_bundle *bundle, FILE *out);
