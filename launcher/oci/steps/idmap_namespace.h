/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A user namespace that exists for its id maps alone, as id-mapped mounts want one (mount_setattr(2)). */
#include "base/macro.h"

struct arena;
struct error;
struct oci_id_maps;

/**
 * idmap_namespace_open() - make a user namespace with these maps
 *
 * A helper process holds it for a moment; it is gone on return. An empty list maps as the other does.
 * Return: an fd of the namespace, or -errno with *err filled (EPERM without rights over the ids).
 */
int idmap_namespace_open(struct arena *arena, const struct oci_id_maps *uids, const struct oci_id_maps *gids,
			 struct error *err) _must_check_;
