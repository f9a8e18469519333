/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Taking away what a service left when it ended or was lost. All of it happens under the lock that a start
 * of the same name takes as well (launcher/state.h).
 */
#include <stdbool.h>

#include "base/macro.h"

struct error;

struct remove_options {
	bool logs;            /* its log files and its events, too */
	unsigned int wait_ms; /* for a supervisor that is just about to leave */
};

/**
 * remove_service() - remove a service that nobody supervises
 *
 * Ends processes that a lost one left in its cgroup. A directory without a state.json is one of a start that
 * was killed.
 * Return: 0; -ENOENT when it is gone already; -EBUSY while it is supervised or being started; -errno; *err
 * is filled.
 */
int remove_service(const char *run_dir, const char *name, const struct remove_options *options,
		   struct error *err) _must_check_;
