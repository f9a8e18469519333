/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the network interfaces of a process's network namespace have counted: /proc/<pid>/net/dev
 * (proc(5)), which everybody may read without entering the namespace.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

enum { NETWORK_NAME_MAX = 64, NETWORK_TEXT_MAX = 32 * 1024 };

struct network_interface {
	char name[NETWORK_NAME_MAX];
	struct network_direction {
		uint64_t bytes, packets, errors, dropped;
	} received, sent;
};

/**
 * network_next() - parse the next interface of a net/dev file
 * @text: where to go on; moved behind the line. Headings and torn lines are passed over.
 *
 * Return: false at the end of the text.
 */
bool network_next(const char **text, struct network_interface *ret);

/**
 * network_read() - the text of /proc/<pid>/net/dev
 *
 * Return: 0 or -errno; -EFBIG for some 250 interfaces and more.
 */
int network_read(pid_t pid, char text[NETWORK_TEXT_MAX]) _must_check_;
