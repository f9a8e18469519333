/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A process that waits in a system call, looked at from outside (process_vm_readv(2), proc(5)). */
#include <sys/types.h>

#include "lab/learn/note.h"

struct observe_ids;

struct observe_target {
	pid_t pid; /* thread id, as seen from here */
	const struct observe_ids *ids;
};

/** observe_target_reader() - Return: the functions that look at @target, which must outlive it. */
struct note_reader observe_target_reader(struct observe_target *target);

/** observe_target_comm() - the name of its program, "?" when it is gone. */
void observe_target_comm(const struct observe_target *target, char ret[OBSERVATION_COMM_MAX]);
