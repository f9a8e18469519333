/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Sockets that a workload had in its hands, and datagrams from it.
 *
 * Who closes the last copy of a socket waits until the peer has read everything, for as long as SO_LINGER
 * says: a workload would choose how long its supervisor sleeps. The kernel makes one exception, a process
 * that ends. So the last copies are those of a child, which ends.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/macro.h"

/**
 * foreign_receive() - the next datagram of a unix socket, without waiting; descriptors that came along are
 * closed
 * @sock: nobody else reads from it
 * @ret_carried: whether there were any, which costs a child: rest before the next one
 *
 * Return: its bytes, or -errno: -EAGAIN if there is none (or it could not be taken now), -EMSGSIZE for one
 * that is longer than @size, which is gone.
 */
ssize_t foreign_receive(int sock, char *buffer, size_t size, bool *ret_carried) _must_check_;

/** foreign_close() - close a socket, or one whose queue may hold some, without waiting; *fd becomes -1. */
void foreign_close(int *fd);
