/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The annotation org.kapsel.profile names a profile that is laid over the container: its capabilities, its
 * no_new_privs, Landlock, W^X and system call filter come on top of what config.json says. Every part of it
 * can only take away, so it doesn't matter who wrote the annotation.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

struct arena;
struct error;
struct host;
struct oci;
struct spec;

#define OCI_LAYER_ANNOTATION "org.kapsel.profile"

struct oci_layer {
	const char *name;
	const struct spec *spec; /* read as a layer, see profiles/profile.h */
	bool places_listed;      /* "mounts" is there: nothing else can be written */
};

/**
 * oci_layer_read() - the profile that the annotations of @oci name, from /etc/kapsel/profiles or the library
 * @ret: NULL when there is none
 *
 * The name is a plain one: whoever writes annotations must not make the runtime read any file of the host.
 * Other annotations that begin with "org.kapsel." are refused.
 * Return: 0 or -errno with *err filled.
 */
int oci_layer_read(const struct oci *oci, struct arena *arena, const struct oci_layer **ret,
		   struct error *err) _must_check_;

/** oci_layer_read_from() - as oci_layer_read(), from @dirs, the first one that has it; NULL-terminated. */
int oci_layer_read_from(const char *const *dirs, const struct oci *oci, struct arena *arena,
			const struct oci_layer **ret, struct error *err) _must_check_;

/** oci_layer_keep() - write what @layer was merged from into the state directory; NULL: nothing. 0 or -errno.
 */
int oci_layer_keep(const struct oci_layer *layer, int state_fd, struct error *err) _must_check_;

/** oci_layer_kept() - read that copy, so that exec gets the layer that create had. As oci_layer_read(). */
int oci_layer_kept(const struct oci *oci, int state_fd, struct arena *arena, const struct oci_layer **ret,
		   struct error *err) _must_check_;

/**
 * oci_layer_apply() - tighten what the config says: capabilities, no_new_privs, and what the steps ask @spec
 * @layer: NULL: nothing to do
 * @host:  gets what only layers need to know of it
 *
 * Return: 0, or -ENOTSUP where the kernel has no Landlock.
 */
int oci_layer_apply(const struct oci_layer *layer, struct host *host, struct oci *oci, struct spec *spec,
		    struct error *err) _must_check_;

/** oci_layer_wanted() - Return: whether the config asks for a layer. */
int oci_layer_wanted(const struct spec *spec);
