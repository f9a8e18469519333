/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The process that gzips one rotated log. A process of its own and not slices in the
 * supervisor, because deflate runs over bytes that the workload chose (CVE-2018-25032 was a
 * memory corruption in just that), and because a supervisor that must compress 10 MB between
 * two polls is late for every signal. It holds two descriptors and may do nothing but read,
 * write, fsync and exit.
 */
#include <stdbool.h>

#include "base/macro.h"

struct error;

enum { COMPRESSOR_EXTRA_MAX = 64 };

/**
 * compressor_start() - start a child that gzips @in from its present offset into @out
 * @in, @out: stay the caller's
 * @extra: text for the header's extra field, at most COMPRESSOR_EXTRA_MAX bytes; "" for none
 *
 * The child never ends with status 0 unless all bytes are on the disk. It sends no signal when
 * it ends, thus it can only be waited for with __WALL or __WCLONE.
 * Return: its pidfd, the caller's; -errno with *err filled.
 */
int compressor_start(int in, int out, const char *extra, struct error *err) _must_check_;

/**
 * compressor_wait() - has it ended?
 * @block: wait until it has
 *
 * Return: 1: well, 0: it runs, -errno: it failed (-EIO, or -ECHILD when somebody else reaped it).
 */
int compressor_wait(int pidfd, bool block);
