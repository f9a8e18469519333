/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The address of a `listen` entry, and whether a socket that somebody else made is what the entry asks for.
 */
#include <stddef.h>
#include <sys/socket.h>

#include "base/macro.h"

struct error;
struct spec_listen;

enum { ENDPOINT_TEXT_MAX = 160 };

/**
 * endpoint_parse() - "127.0.0.1:80", "[::1]:80", "/path" or "@abstract" as a socket address
 * @text: "80" is taken as well: all addresses of both families
 *
 * Return: 0, -EINVAL or -ENAMETOOLONG.
 */
int endpoint_parse(const char *text, struct sockaddr_storage *ret, socklen_t *ret_size) _must_check_;

/**
 * endpoint_describe() - what a descriptor is, for a message: "stream 127.0.0.1:80", "no socket"
 * @ret: printable
 */
void endpoint_describe(int fd, char ret[ENDPOINT_TEXT_MAX]);

/**
 * endpoint_check() - whether @fd is a socket as @entry asks for: type, family, address; ready for clients
 *
 * Ready: a stream socket listens, no socket is connected, and none was shut down by a workload that had it.
 * Return: 0, or -errno with *err filled: -ENOTSOCK, -EPROTOTYPE (type), -EADDRNOTAVAIL (address or family),
 * -EISCONN, -EINVAL (does not listen), -ESHUTDOWN. The message names both.
 */
int endpoint_check(int fd, const struct spec_listen *entry, struct error *err) _must_check_;
