/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The lab's outer sandbox. An exercise opens what a container is protected by, so the container never runs on
 * the machine itself: "the host" that an opened container sees is a set of new pid, mount, ipc, uts and
 * network namespaces, and for a caller without root's rights a user namespace in which only its own id
 * exists.
 *
 * One process waits outside, one is process 1 of these namespaces. If either of them ends, the kernel or the
 * other one ends what is left: every process of the lab is in the pid namespace, and everything it writes is
 * in a tmpfs of the mount namespace.
 */
#include <stdbool.h>

#include "base/macro.h"

struct error;

struct sandbox {
	char directory[64]; /* a tmpfs of its own, empty at first, that everybody may enter; absolute */
	bool own_users;     /* there is a user namespace: the caller has not the rights of root */
	int signal_fd;      /* signalfd(2) of the signals that ask for an end */
	int lock_fd;        /* on the directory, as long as it is in use */
	int interrupted;    /* the signal that came, 0: none */
};

/**
 * sandbox_run() - call @inside as process 1 of the sandbox, and wait for it
 * @inside:     returns the exit status; whatever it started ends with it
 * @ret_status: that status; 128 plus the signal after SIGINT, SIGTERM or SIGHUP
 *
 * namespaces(7), pid_namespaces(7), user_namespaces(7). Return: 0 or -errno with *err filled.
 */
int sandbox_run(int (*inside)(struct sandbox *sandbox, void *arg), void *arg, int *ret_status,
		struct error *err) _must_check_;

/**
 * sandbox_wait() - poll(2) on @fd, or only on the signals if @fd is -1
 *
 * Return: 1 when it is ready, 0 after @timeout_ms, -EINTR when an end was asked for (sandbox->interrupted).
 */
int sandbox_wait(struct sandbox *sandbox, int fd, int timeout_ms) _must_check_;

/** sandbox_take_signal() - what came on signal_fd, into sandbox->interrupted. */
void sandbox_take_signal(struct sandbox *sandbox);
