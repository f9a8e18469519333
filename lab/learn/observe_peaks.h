/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * How much an observed workload uses at most: sampled from /proc while it runs, and exactly
 * when one of its processes is about to end. What comes and goes between two samples is missed,
 * which is one of the reasons why limits get a margin.
 */
#include <stdint.h>
#include <sys/types.h>

struct observation;

struct observe_peaks {
	struct observation *observation;
	unsigned long long pid_namespace; /* inode number of the container's */
	int root_fd;                      /* its root, for the sizes of files */
	uint64_t next_ms;                 /* not before: a look at each of thousands of forks would be slow */
};

/** observe_peaks_sample() - look at all its processes once. */
void observe_peaks_sample(const struct observe_peaks *peaks);

/** observe_peaks_growing() - one of its processes is about to make another one, or a thread. */
void observe_peaks_growing(struct observe_peaks *peaks);

/** observe_peaks_leaving() - look at a process that is about to exit: its own peak is exact. */
void observe_peaks_leaving(const struct observe_peaks *peaks, pid_t pid);

/** observe_peaks_file() - look at the size of one file, which is about to be removed or replaced. */
void observe_peaks_file(const struct observe_peaks *peaks, const char *path);

/** observe_peaks_files() - look at the sizes of the files that it has written. */
void observe_peaks_files(const struct observe_peaks *peaks);
