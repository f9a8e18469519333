/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where a log is sent: an address as text and as a socket. Names are not looked up: a resolver
 * in the launcher would be a library of the host that runs with the launcher's rights.
 */
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/macro.h"

struct error;

struct log_address {
	int type; /* SOCK_STREAM or SOCK_DGRAM */
	bool network;
	struct sockaddr_storage address;
	socklen_t length;
};

/**
 * log_address_parse() - "unix:///dev/log", "unixgram:///dev/log", "udp://127.0.0.1:514", "udp://[::1]:514"
 *
 * Without a port it is 514. Return: 0, or -EINVAL with *err filled.
 */
int log_address_parse(const char *text, struct log_address *ret, struct error *err) _must_check_;

/** log_address_unix() - a socket in the file system. 0, or -EINVAL or -ENAMETOOLONG with *err filled. */
int log_address_unix(const char *path, int type, struct log_address *ret, struct error *err) _must_check_;

/** log_address_connect() - Return: a connected non-blocking socket, or -errno. */
int log_address_connect(const struct log_address *address) _must_check_;

/** log_address_print() - Return: it for a message; in @buffer. */
const char *log_address_print(const struct log_address *address, char *buffer, size_t size);
