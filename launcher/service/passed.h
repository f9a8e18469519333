/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Sockets that the service manager opened and passed on (sd_listen_fds(3)): `listen` entries take them over
 * instead of binding. They stay open here as long as the process lives, so each start of the workload gets
 * the same ones; their files are the manager's, not ours to remove.
 */
#include <stddef.h>

#include "base/macro.h"

struct error;
struct spec;

/**
 * passed_take() - take the sockets that LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES announce
 *
 * Called by sd_notify_take(). The variables are removed. The descriptors are moved out of the low numbers
 * and made close-on-exec: nobody inherits them by chance. What was passed to another process is not touched.
 */
void passed_take(void);

/**
 * passed_match() - give each socket to its `listen` entry
 *
 * By its name where an entry is called so, by its bound address and type otherwise. To be called once,
 * before anything is made. Return: 0; or -errno with *err filled: a socket that no entry takes, two for one,
 * one that is not what its entry says (endpoint_check()), or variables that make no sense.
 */
int passed_match(const struct spec *spec, struct error *err) _must_check_;

/** passed_fd() - Return: the socket of spec->listen[@entry], which stays ours, or -1: none was passed. */
int passed_fd(size_t entry);
