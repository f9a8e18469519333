/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where a workload is observed: a process of ours in pid and mount namespaces of its own, with
 * a root file system that takes what is written and forgets it. It starts kapsel-oci and reaps.
 *
 * The stage dies with the observer, its namespaces with the stage, and with them the container,
 * the mounts and all that was written: an observer that is killed leaves an empty directory.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "lab/learn/observe_bundle.h"

struct arena;
struct error;

enum observe_root {
	OBSERVE_ROOT_OWNED,    /* written copy, all of it the workload's */
	OBSERVE_ROOT_SHARED,   /* written copy, but files keep their owners */
	OBSERVE_ROOT_SKELETON, /* empty, with the host's programs */
	OBSERVE_ROOT_READONLY, /* what it tries to write is seen, and fails */
};

struct observe_stage_options {
	struct observe_bundle bundle; /* rootfs: the directory on the host */
	const char *kapsel;           /* path of the program */
	const char *directory;        /* empty, ours; the stage mounts a tmpfs on it */
	int listener;                 /* unbound stream socket; the stage binds it */
	int output;                   /* the workload's stdout and stderr */
	const int *listen_fds;        /* bundle.n_listen of them, to be 3 and up */
};

struct observe_stage {
	pid_t pid;
	int pidfd;
	enum observe_root root; /* how it was possible here */
	char remark[200];       /* why it is less than OWNED, "" */
};

/** observe_stage_filter_path() - where the listener of @directory is. Return: owned by @arena, or NULL. */
const char *observe_stage_filter_path(const char *directory, struct arena *arena);

/**
 * observe_stage_start() - make it, and start the workload in it
 *
 * Return: 0; or -errno with *err filled, and nothing is left. What kapsel-oci has to say goes to output.
 */
int observe_stage_start(const struct observe_stage_options *options, struct arena *arena,
			struct observe_stage *ret, struct error *err);
