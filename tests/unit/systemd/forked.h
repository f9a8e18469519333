/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Sockets at descriptor 3 and up, which a test's worker uses itself: only a child of it can have them. */
#include <stddef.h>
#include <sys/types.h>

struct error;

/* Runs in the child; 0, or -errno with *err filled. */
typedef int forked_function(struct error *err);

/**
 * forked_run() - call @function in a child that was passed sockets as systemd passes them
 * @fds: become 3, 4 ...; @n_fds may be 0
 * @names: LISTEN_FDNAMES; NULL: not set
 *
 * Return: what it returned, with its *err.
 */
int forked_run(forked_function *function, const int *fds, size_t n_fds, const char *names, struct error *err);

/** forked_socket() - a bound, and if it is a stream listening, socket. @address as in a profile. */
int forked_socket(const char *address, int type);

/** forked_port() - Return: the port of a socket bound to port 0. */
unsigned int forked_port(int fd);
