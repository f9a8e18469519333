/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the tests of an OCI container's file systems set up alike: mounts of the config, a canary on the host
 * that nothing may reach, and data of the host that is bound to /data.
 */
#include "tests/kernel/bundle.h"

/** oci_scene_tmpfs() - add a tmpfs to the config; it has no flags yet. */
struct oci_mount *oci_scene_tmpfs(struct bundle *bundle, const char *destination);

/** oci_scene_proc() - add /proc to the config. Return: 0. */
int oci_scene_proc(struct bundle *bundle);

/** oci_scene_canary() - make "host" the canary: nothing may be made in it, nothing mounted on it. Return: 0.
 */
int oci_scene_canary(struct bundle *bundle);

/** oci_scene_is_untouched() - on the host: 0, or -EBADE when something has reached the canary. */
int oci_scene_is_untouched(struct bundle *bundle, struct error *err);

/** oci_scene_data() - make "host/data" with a file in it, and bind it to /data; it has no flags yet. */
struct oci_mount *oci_scene_data(struct bundle *bundle);

/** oci_scene_plain() - the same as a setup. Return: 0. */
int oci_scene_plain(struct bundle *bundle, struct error *err);

/** oci_scene_is_readonly() - inside: 0, or -EBADE when a file can be made in /data. */
int oci_scene_is_readonly(struct bundle *bundle, struct error *err);
