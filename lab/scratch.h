/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A private directory for the time of one call. Whoever was killed leaves his behind, locked by nobody: the
 * next call with the same prefix removes it.
 */
#include <stddef.h>

#include "base/macro.h"

struct error;

/**
 * scratch_make() - make a directory <parent>/<prefix>XXXXXX, mode 0700, and lock it (flock(2))
 * @parent: may be a directory like /tmp, where others make names, too
 * @file: the one file that may have been left in one, removed with it; NULL: they are empty
 * @ret, @size: its path; "" after a failure
 * @ret_lock: to be held as long as it is in use: rmdir(2) by another call would unmount what lies on it.
 *            Files are to be made relative to it, since the parent's owner could exchange the name.
 *
 * Return: 0 or -errno with *err filled.
 */
int scratch_make(const char *parent, const char *prefix, const char *file, char *ret, size_t size, int *ret_lock,
		 struct error *err) _must_check_;
