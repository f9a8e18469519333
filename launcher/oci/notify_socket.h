/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * sd_notify(3) out of a container. The service manager's own socket is not given to the workload: with it
 * root inside could name any process of the host as the unit's main process, or leave descriptors with the
 * manager. Instead the container gets a directory of ours at /run/notify with a socket in it, on which
 * `start` (or an attached `run`) listens and passes on what is harmless, with the pid as the host sees it. No
 * process stays for it: a `start` waits for READY=1 and leaves; later messages find nobody, which sd_notify()
 * lets pass.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/macro.h"
#include "profiles/oci/oci.h"

struct arena;
struct error;
struct oci_state;

#define NOTIFY_SOCKET_PLACE "/run/notify" /* inside */

enum { NOTIFY_SOCKET_MESSAGE_MAX = 4096 };

/**
 * notify_socket_prepare() - create and run, between reading the config and building the plan
 * @oci:      gets a mount and an environment variable more
 * @state:    notify_socket is set when the container has the directory; its id names the directory's owner
 * @state_fd: <root>/<id>
 * @root:     <root>, absolute
 *
 * Nothing is done without NOTIFY_SOCKET in our own environment, or where the config has the variable or a
 * mount there itself: then the engine does it. Return: 0, -EINVAL for a NOTIFY_SOCKET that is no address, or
 * -errno.
 */
int notify_socket_prepare(struct oci *oci, struct oci_state *state, int state_fd, const char *root,
			  struct arena *arena, struct error *err) _must_check_;

/** notify_socket_wanted() - start and run: has this container the directory, and have we a manager to tell?
 */
bool notify_socket_wanted(const struct oci_state *state);

/**
 * notify_socket_listen() - start and run, before the gate opens: make the socket in the directory
 *
 * Return: a datagram socket (O_CLOEXEC, not blocking) to poll, or -errno.
 */
int notify_socket_listen(int state_fd, struct error *err) _must_check_;

/**
 * notify_socket_filter() - what of a container's message the manager gets
 * @message: not necessarily terminated
 * @pid:     of the container's first process; goes out with READY=1
 * @ret:     lines, terminated; "" when nothing is left
 *
 * Return: whether READY=1 is among it.
 */
bool notify_socket_filter(const char *message, size_t size, pid_t pid,
			  char ret[NOTIFY_SOCKET_MESSAGE_MAX + 64]);

/**
 * notify_socket_forward() - the socket is readable: pass on what has come
 *
 * Return: 1 when the container was ready, 0 not yet, or -errno when the manager can't be told.
 */
int notify_socket_forward(int sock, pid_t pid, struct error *err) _must_check_;

/**
 * notify_socket_wait() - `start`: until the container is ready, or has ended
 * @pidfd: of its first process
 *
 * Waits for the manager to have read it, too (sd_notify_barrier(3)): it looks the sender up, which must be
 * there. Return: 0 in both cases, or -errno.
 */
int notify_socket_wait(int sock, int pidfd, pid_t pid, struct error *err) _must_check_;

/** notify_socket_close() - stop listening: the name goes, too. @sock may be -1. */
void notify_socket_close(int state_fd, int sock);
