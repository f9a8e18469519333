/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Output of a process that was let in, on its way into a file of the caller's. Given the file itself the
 * process would meet its own limit of a file's size there (RLIMIT_FSIZE; the hardest default is none at
 * all), and could change or truncate what the caller had only opened for output.
 */
#include <sys/types.h>

struct error;

struct enter_copy {
	pid_t pid; /* who copies; 0: nobody has to */
	int fd;    /* what the process gets; -1 once it is handed over */
};

/** enter_copy_begin() - start copying into @file where that is a regular file, else nothing. 0 or -errno. */
int enter_copy_begin(int file, struct enter_copy *ret, struct error *err);

/** enter_copy_handed_over() - the other side has the pipe: its end is the process' end now. */
void enter_copy_handed_over(struct enter_copy *copy);

/** enter_copy_end() - wait until all is copied; not for what the process has left behind. */
void enter_copy_end(struct enter_copy *copy);
