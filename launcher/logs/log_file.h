/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Opening a log file without being led astray: whoever can write to one of the directories
 * on the way may have put a link, a FIFO or a device where the log is expected.
 */
#include <stdint.h>

#include "base/macro.h"

struct error;

/**
 * log_file_open_dir() - open the directory that holds @path, creating up to two of its components
 * @path: absolute, without "." and ".."
 * @ret_name: the file's name, inside @path
 *
 * Return: an O_PATH fd, or -errno with *err filled.
 */
int log_file_open_dir(const char *path, const char **ret_name, struct error *err) _must_check_;

/**
 * log_file_open() - open or create a log for reading and appending (open(2), O_APPEND, O_NOFOLLOW)
 * @ret_size: bytes in it
 *
 * Return: an fd, or -errno with *err filled when it isn't a regular file of ours with one name.
 */
int log_file_open(int dirfd, const char *name, uint64_t *ret_size, struct error *err) _must_check_;

/** log_file_is_ours() - 0 if @fd is a regular file, ours and with one name; -errno as for log_file_open(). */
int log_file_is_ours(int fd, const char *name, struct error *err) _must_check_;
