/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A probe is one attack on the walls of a sandbox, made from inside and without
 * damage. The numbers are those of the project's table of probes; several
 * attempts that belong to one row share its number, the name is unique.
 *
 * attempt() returns like a system call: negative with errno when the attack was
 * stopped, anything else when it worked. Negative with errno 0 means that it
 * ran and gained nothing. Arguments are such that nothing is lost when the call
 * is permitted after all: it is undone, or it fails behind the permission check.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

enum probe_flag {
	PROBE_CHILD = 1 << 0, /* may die or spoil its process: never without a fork */
	PROBE_HEAVY = 1 << 1, /* burns a resource: not part of "all" */
};

/* Of the program that an attempt executes: did that give the attacker anything? */
enum { PROBE_EXIT_HELD = 42, PROBE_EXIT_GAINED = 43 };

struct outcome {
	long ret;
	int error;
	int signal;
	bool done;
	char evidence[320];
	char untestable[160];
};

struct probe {
	int number;
	const char *name;
	const char *tries;
	long (*attempt)(const struct probe *probe, struct outcome *out);
	unsigned int flags;
	long a, b, c;     /* numbers that tell the attempts of one function apart */
	const char *text; /* a path or a word, likewise */
};

/* Each ends with an element without a name. */
extern const struct probe probes_mounts[];
extern const struct probe probes_processes[];
extern const struct probe probes_kernel[];
extern const struct probe probes_memory[];
extern const struct probe probes_entry[];
extern const struct probe probes_devices[];
extern const struct probe probes_files[];
extern const struct probe probes_identity[];
extern const struct probe probes_limits[];
extern const struct probe probes_nodes[];
extern const struct probe probes_sockets[];
extern const struct probe probes_terminal[];
extern const struct probe probes_lessons[];
