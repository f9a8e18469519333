/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The bytes of config.json: read once, parsed and kept, so that later calls see what create saw. */
#include <stddef.h>

struct arena;
struct error;

#define OCI_CONFIG_NAME "config.json"

struct oci_config {
	const char *path; /* for messages */
	const char *text; /* NUL-terminated */
	size_t size;
};

/**
 * oci_config_load() - read the file
 * @file: NULL: config.json of the bundle; relative: from the working directory
 *
 * Return: 0 or -errno; more than OCI_FILE_MAX is -EFBIG.
 */
int oci_config_load(const char *bundle, const char *file, struct arena *arena, struct oci_config *ret,
		    struct error *err);

/** oci_config_read() - any file or, at "-", stdin, whole. 0 or -errno. */
int oci_config_read(const char *path, struct arena *arena, struct oci_config *ret, struct error *err);

/** oci_config_keep() - write the copy into the state directory. 0 or -errno. */
int oci_config_keep(const struct oci_config *config, int state_fd, struct error *err);

/** oci_config_kept() - read that copy. 0 or -errno. */
int oci_config_kept(int state_fd, struct arena *arena, struct oci_config *ret, struct error *err);
