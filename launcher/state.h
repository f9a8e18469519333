/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The state of a running container: a directory of its own, locked by the processes that
 * look after it. The lock says whether it lives; a directory without one is stale.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct error;
struct run;

/* One row of the table of restrictions. */
struct state_row {
	const char *step, *phase, *result; /* "holds", "absent" */
	const char *report;
};

/**
 * state_open() - create and lock <run_dir>/<name>, and open the lock file of host ids
 *
 * Sets run->state_fd and run->ids_fd. A stale directory of a killed predecessor is cleaned up
 * first, with its cgroup. One whose record says already that it has ended is waited for, a second at most.
 * -EBUSY: a container of that name runs.
 */
int state_open(struct run *run, struct error *err);

/** state_write() - write the table of restrictions. */
int state_write(const struct run *run, const struct state_row *rows, size_t n_rows, struct error *err);

/** state_print_table() - print the table of the running container @name. 0 or -errno (-ENOENT: none). */
int state_print_table(const char *run_dir, const char *name, FILE *out, struct error *err);

/** state_write_file() - write a file of the state directory; it appears whole or not at all. 0 or -errno. */
int state_write_file(int dir, const char *name, const char *text, size_t size);

/** state_clean_run() - end what is left of one run: its processes and its cgroup. 0 or -errno. */
int state_clean_run(struct run *run);

/**
 * state_clean() - end what belongs to the container and remove it: processes and cgroup,
 * listen sockets in the file system, the state directory
 * @keep: leave the directory, with what it tells about a service that ended
 *
 * Needs no memory: the janitor calls it, too. After a failure the directory and its lock stay,
 * so that it can be called again, by the janitor or by the next start of the name. 0 or -errno.
 */
int state_clean(const struct run *run, bool keep);

/**
 * state_reclaim() - the same for a start that died before it could hand its locks on
 *
 * Leaves alone what somebody else has locked by now. 0 or -errno.
 */
int state_reclaim(struct run *run);
