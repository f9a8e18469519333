/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Reads what the kernel says of the payload that waits sealed before its execveat: each
 * file once, from the host's procfs, never from the container's.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "launcher/run.h"

/** evidence_read() - fill @ret for the sealed payload. 0 or -errno with *err filled. */
int evidence_read(const struct run *run, struct evidence *ret, struct error *err);

/** evidence_mount() - Return: the topmost mount at @target, as the payload sees it, or NULL. */
const struct mount_row *evidence_mount(const struct evidence *evidence, const char *target);

/** evidence_option() - Return: whether a comma-separated option list has @option. */
bool evidence_option(const char *options, const char *option);
