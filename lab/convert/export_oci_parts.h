/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The members of config.json, one function each; runtime-spec config.md and config-linux.md. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

struct error;
struct export_oci_options;
struct losses;
struct spec;
struct writer;

struct export_oci_parts {
	const struct spec *spec;
	const struct export_oci_options *options;
	struct writer *writer;
	struct losses *losses;
};

/** export_oci_full_proc() - Return: whether /proc has the kernel's files: asked for, or needed for sysctls.
 */
bool export_oci_full_proc(const struct spec *spec);

/** export_oci_mounts() - write "mounts". Return: 0 or -errno. */
int export_oci_mounts(const struct export_oci_parts *parts, struct error *err) _must_check_;

/** export_oci_namespaces() - write "namespaces". */
void export_oci_namespaces(const struct export_oci_parts *parts);

/** export_oci_id_maps() - write "uidMappings" and "gidMappings". Return: 0 or -errno. */
int export_oci_id_maps(const struct export_oci_parts *parts, struct error *err) _must_check_;

/** export_oci_resources() - write "resources". Return: 0 or -errno. */
int export_oci_resources(const struct export_oci_parts *parts, struct error *err) _must_check_;

/** export_oci_devices() - write "devices". Return: 0 or -errno. */
int export_oci_devices(const struct export_oci_parts *parts, struct error *err) _must_check_;

/** export_oci_sysctls() - write "sysctl". */
void export_oci_sysctls(const struct export_oci_parts *parts);

/** export_oci_proc_paths() - write "maskedPaths" and "readonlyPaths". */
void export_oci_proc_paths(const struct export_oci_parts *parts);

/** export_oci_losses() - note what config.json has no word for. Return: 0 or -errno. */
int export_oci_losses(const struct export_oci_parts *parts, struct error *err) _must_check_;

/**
 * export_oci_device_number() - the kind and number of a device of this host
 * @path: a device node, or "MAJOR:MINOR"
 *
 * Return: 'c' or 'b', or -errno.
 */
int export_oci_device_number(const char *path, unsigned int *ret_major, unsigned int *ret_minor) _must_check_;
