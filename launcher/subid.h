/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Subordinate ids: which host ids newuidmap(1) lets a user map (subuid(5)). Read with own
 * bounded parsers: the C library's would load name service modules, and a file that grew
 * to gigabytes or became a pipe mustn't stop a start.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

enum { SUBID_NAME_MAX = 64, SUBID_FILE_MAX_BYTES = 1 << 20 };

struct subid_range {
	uint32_t first, count; /* count 0: none */
};

/**
 * subid_parse_line() - one line of subuid(5), "name:first:count", without its newline
 * @name: of the user; "" when it isn't known
 *
 * Return: whether the line is the user's, by name or by number, and is a usable range:
 * not empty, and no id beyond 4294967294 (the last one means "none").
 */
bool subid_parse_line(const char *line, const char *name, uid_t uid, struct subid_range *ret);

/**
 * subid_read() - the first usable range of the user in the file
 *
 * Return: 0, with count 0 where there is none; -errno; -EFBIG when nothing was found in the
 * first SUBID_FILE_MAX_BYTES.
 */
int subid_read(const char *path, const char *name, uid_t uid, struct subid_range *ret) _must_check_;

/**
 * subid_user_name() - the first name that a passwd(5) file has for the number
 *
 * Return: 0, -ENOENT, or another -errno. @ret is "" then.
 */
int subid_user_name(const char *path, uid_t uid, char ret[SUBID_NAME_MAX]) _must_check_;
