/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * File descriptors: ownership, whole reads and writes, passing them on. A
 * descriptor is O_CLOEXEC and -1 when empty.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/macro.h"

struct arena;
struct error;

#define FD_PATH_MAX sizeof("/proc/self/fd/2147483647")

static inline void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
#define _cleanup_fd_ _cleanup_(fd_close)

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/**
 * fd_write_all() - write @size bytes, going on after short writes and EINTR
 *
 * Return: 0 or -errno.
 */
int fd_write_all(int fd, const void *data, size_t size) _must_check_;

/**
 * fd_read_file() - read a small regular or virtual file whole
 * @dirfd, @path: as for openat(2); the last component is not followed if a link
 * @buffer, @size: filled and always terminated with NUL
 *
 * Return: bytes read, or -errno; -EFBIG when it does not fit.
 */
ssize_t fd_read_file(int dirfd, const char *path, char *buffer, size_t size) _must_check_;

/**
 * fd_write_file() - write a short string to an existing file (procfs, cgroupfs) in one write()
 *
 * Return: 0 or -errno.
 */
int fd_write_file(int dirfd, const char *path, const char *text) _must_check_;

/**
 * fd_send() - send a message with up to 8 descriptors over a unix socket
 *
 * Return: 0 or -errno. The descriptors stay the caller's.
 */
int fd_send(int sock, const void *data, size_t size, const int *fds, size_t n_fds) _must_check_;

/**
 * fd_receive() - receive a message and its descriptors (O_CLOEXEC), now the caller's
 * @ret_fds, @max_fds: filled with what came, -1 in the rest
 *
 * Return: bytes received, 0 at the end of the stream, -errno.
 */
ssize_t fd_receive(int sock, void *data, size_t size, int *ret_fds, size_t max_fds) _must_check_;
