/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Sockets that a log goes to: which one, and journald's way for a message that is too large. */
#include <stddef.h>

#include "base/macro.h"

struct error;
struct log_address;
struct log_options;

/** output_socket_address() - the address of a driver that has one. 0, or -errno with *err filled. */
int output_socket_address(const struct log_options *options, struct log_address *ret, struct error *err)
	_must_check_;

/**
 * output_socket_send_sealed() - the message as a sealed memory file (memfd_create(2)): journald takes it
 * from anybody, since nobody can change it any more
 *
 * Return: 0 or -errno.
 */
int output_socket_send_sealed(int fd, const char *message, size_t size) _must_check_;
