/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Reading the small files of cgroupfs. Each gives all it has in one read, so one read is
 * enough: these are on the path of every start.
 */
#include <stddef.h>
#include <sys/types.h>

#include "base/macro.h"

/**
 * text_read() - read a file of the group, without the last newline
 *
 * @buffer is terminated, and "" after an error.
 * Return: length of the text, or -errno; -EFBIG when it fills the buffer.
 */
ssize_t text_read(int group_fd, const char *file, char *buffer, size_t size);
