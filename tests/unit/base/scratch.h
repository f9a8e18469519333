/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A directory of its own for one test, removed at the end, and what tests put into it. */

struct scratch {
	char path[64];
	int fd; /* O_PATH */
};

/** scratch_new() - make the directory, mode 0700; a failure fails the test. */
struct scratch scratch_new(void);

/** scratch_free() - remove it and all that is below. */
void scratch_free(struct scratch *scratch);
#define _cleanup_scratch_ __attribute__((cleanup(scratch_free)))

/** scratch_file() - create a file of that content. */
void scratch_file(const struct scratch *scratch, const char *name, const char *content);

/** scratch_dir() - create a directory. */
void scratch_dir(const struct scratch *scratch, const char *name);

/** scratch_link() - create a symbolic link. */
void scratch_link(const struct scratch *scratch, const char *name, const char *target);
