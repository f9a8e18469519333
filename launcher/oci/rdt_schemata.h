/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The shares of a resctrl group: what linux.intelRdt says, as the file "schemata" takes and shows it. */
#include <stdbool.h>

#include "base/macro.h"
#include "profiles/oci/oci.h"

struct arena;
struct error;

/** rdt_schemata_given() - Return: whether the config has any shares. */
bool rdt_schemata_given(const struct oci_intel_rdt *config);

/**
 * rdt_schemata_combine() - l3CacheSchema and memBwSchema as one text of lines, each with its newline
 *
 * Lines "MB:" of the former do not count where the latter is given. Return: a string of @arena, "" if neither
 * is given, NULL without memory.
 */
char *rdt_schemata_combine(const struct oci_intel_rdt *config, struct arena *arena) _must_check_;

/**
 * rdt_schemata_match() - has the kernel's text what @line asks for?
 * @kernel: content of a schemata file
 * @line:   "L3:0=7f0;1=1f"; up to its newline or NUL
 *
 * Numbers are compared without leading zeros and spaces, which the kernel adds. Domains that @line leaves out
 * may have any share.
 */
bool rdt_schemata_match(const char *kernel, const char *line);

/** rdt_schemata_compare() - 0 when the group at @path has all shares of the config, -EINVAL when not, -errno.
 */
int rdt_schemata_compare(const struct oci_intel_rdt *config, const char *path, struct arena *arena,
			 struct error *err) _must_check_;

/** rdt_schemata_write() - write the shares of the config, "schemata" last, as the spec says. 0 or -errno. */
int rdt_schemata_write(const struct oci_intel_rdt *config, const char *root, const char *path,
		       struct arena *arena, struct error *err) _must_check_;

/** rdt_schemata_change() - write other shares; the prefixes may be missing, and NULL or "" is nothing. 0 or
 * -errno. */
int rdt_schemata_change(const char *root, const char *path, const char *l3_cache, const char *mem_bw,
			struct error *err) _must_check_;
