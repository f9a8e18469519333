/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the workload writes, on its way into the log: read, written, waited for while the disk is full. */
#include "base/macro.h"

struct error;
struct service;

/* Of several ready sources the lower goes first: init's end is looked at when its pipes were read. */
enum supervisor_order {
	SUPERVISOR_DENIED,
	SUPERVISOR_CONTROL,
	SUPERVISOR_SIGNAL,
	SUPERVISOR_EXECUTED,
	SUPERVISOR_OUTPUT,
	SUPERVISOR_MEMORY,
	SUPERVISOR_INIT,
};

/** supervisor_output_add() - put the run's two pipes into the loop. 0, or -errno with *err filled. */
int supervisor_output_add(struct service *service, struct error *err) _must_check_;
