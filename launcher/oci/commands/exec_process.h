/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What exec shall execute: a process.json, or the container's own process changed by flags. */
struct arena;
struct error;
struct oci;
struct oci_parse;

/**
 * exec_process_fill() - replace oci->process, the container's own, by what was asked for
 *
 * What a process.json leaves out (capabilities, rlimits, labels) is the container's. 0 or -errno.
 */
int exec_process_fill(const struct oci_parse *parse, struct arena *arena, struct oci *oci, struct error *err);
