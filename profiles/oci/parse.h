/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The parts of config.json, one function an object. Mistakes go into the reader (value.h).
 */
#include "profiles/oci/oci.h"
#include "profiles/oci/value.h"

/** oci_parse_process() - the object "process". */
void oci_parse_process(struct oci_reader *reader, const struct json *process, struct oci_process *ret);

/** oci_parse_mounts() - the array "mounts" of the whole config. */
void oci_parse_mounts(struct oci_reader *reader, const struct json *config, struct oci *ret);

/** oci_parse_hooks() - the object "hooks"; NULL is allowed. */
void oci_parse_hooks(struct oci_reader *reader, const struct json *hooks, struct oci *ret);

/** oci_parse_linux() - the object "linux"; NULL is allowed. */
void oci_parse_linux(struct oci_reader *reader, const struct json *config, struct oci *ret);

/** oci_parse_devices() - linux.devices and linux.netDevices. */
void oci_parse_devices(struct oci_reader *reader, const struct json *config, struct oci *ret);

/** oci_parse_resources() - the object "linux.resources"; NULL is allowed. */
void oci_parse_resources(struct oci_reader *reader, const struct json *resources, struct oci_resources *ret);

/** oci_parse_io() - its member "blockIO"; NULL is allowed. */
void oci_parse_io(struct oci_reader *reader, const struct json *io, struct oci_resources *ret);

/** oci_parse_seccomp() - the object "linux.seccomp". */
void oci_parse_seccomp(struct oci_reader *reader, const struct json *seccomp, struct oci_seccomp *ret);

/** oci_parse_id_maps() - Return: an array of mappings, none when absent. */
struct oci_id_maps oci_parse_id_maps(struct oci_reader *reader, const struct json *object, const char *name);

/** oci_parse_check() - what one part demands of another, after all are read. */
void oci_parse_check(struct oci_reader *reader, const struct oci *oci);
