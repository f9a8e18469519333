/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One HTTP answer on standard input and output, for a socket unit with Accept=yes. Nothing listens,
 * nothing stays: a connection is a process, and that process can do nothing but answer it.
 */
#include <stddef.h>

#include "base/macro.h"

struct error;
struct sample;

enum { METRICS_HTTP_REQUEST_MS = 5000 };

/**
 * metrics_http_answer() - write the texts, lock the process in (metrics_sandbox.h), read one request of at
 * most METRICS_REQUEST_MAX bytes within METRICS_HTTP_REQUEST_MS, answer it and close
 * @samples, @n, @cgroup_mount: as metrics_print() takes them
 *
 * Only the process's end is possible afterwards, by _exit(2).
 * Return: 0 when an answer was written, also one that refuses; -errno with *err filled otherwise.
 */
int metrics_http_answer(const struct sample *samples, size_t n, const char *cgroup_mount, struct error *err)
	_must_check_;
