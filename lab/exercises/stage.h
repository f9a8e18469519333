/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where exercises take place, inside of the sandbox: a root file system with the probe program and what it
 * attacks, and "the host" that it looks for: a process, a port, an abstract socket, open directories.
 */
#include <sys/types.h>

#include "base/macro.h"
#include "lab/exercises/sandbox.h"
#include "launcher/host.h"

struct error;

enum { STAGE_DESCRIPTORS = 4 };

#define STAGE_ABSTRACT "kapsel-lab" /* PROBE_HOST_ABSTRACT, in the sandbox's own network namespace */

struct stage {
	const char *kapsel; /* the program, the caller's text */
	struct sandbox *sandbox;
	struct host host; /* as it looks from in here */
	char rootfs[sizeof(((struct sandbox *)0)->directory) + 8];
	pid_t stranger;     /* PROBE_HOST_PID */
	int port, abstract; /* listening sockets */
	unsigned int port_number;
	unsigned int n_files; /* profiles so far: part of their names */
	/* Not close-on-exec: directories of the host that a careless launcher would pass on. */
	int descriptors[STAGE_DESCRIPTORS];
};

/**
 * stage_set() - build it in sandbox->directory, which is empty
 * @kapsel:  the program that starts containers
 * @program: kapsel-probe, a static program
 *
 * Return: 0 or -errno with *err filled; to be given to stage_clear() either way.
 */
int stage_set(struct stage *ret, struct sandbox *sandbox, const char *kapsel, const char *program,
	      struct error *err) _must_check_;

/** stage_clear() - close and end what stage_set() made; the files go with the sandbox. */
void stage_clear(struct stage *stage);
