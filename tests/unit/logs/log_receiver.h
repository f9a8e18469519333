/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Sockets that the tests of sending drivers receive on. */
#include <stddef.h>

enum { RECEIVER_MAX = 65536 };

/* 64 digits. */
#define RECEIVER_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Of the last receiver: its path, and its address for driver syslog. */
extern char receiver_path[96], receiver_address[128];

/* A non-blocking socket at fixture_dir/socket. */
int receiver_listen(int type);

/* One of 127.0.0.1. */
int receiver_listen_udp(void);

/* The next message as a string, in a static buffer; "" when there is none. */
char *receiver_next(int fd, size_t *ret_size);
