/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One error, as a value of fixed size: it lives on the caller's stack, is set
 * once where the failure is known best, and crosses a process boundary with one
 * write() of at most PIPE_BUF bytes (pipe(7)). Nothing in here allocates.
 *
 * The idiom, everywhere:
 *
 *	return error_set(err, errno, "open %s", path);
 *
 * A negative return is fatal and forwarded unchanged; a positive one is the
 * function's own documented enum, for the caller to handle.
 */
#include <limits.h>

#include "base/macro.h"

/* What `run` exits with when no workload status exists; chroot(1)'s convention. */
enum {
	EXIT_LAUNCHER = 125,       /* kapsel itself failed: nothing was started */
	EXIT_NOT_EXECUTABLE = 126, /* the command is there but can't be executed */
	EXIT_NOT_FOUND = 127,      /* the command isn't there */
	EXIT_SIGNAL_BASE = 128,    /* plus the number of the signal that ended it */
};

struct error {
	int code;         /* an errno, positive; 0: no error */
	int exit_status;  /* 0: EXIT_LAUNCHER */
	char step[32];    /* the step that failed, "" outside of one */
	char msg[700];    /* verb and object: "open /etc/x" */
	char remedy[500]; /* what the reader can do, "" if nothing is known */
};

_Static_assert(sizeof(struct error) <= PIPE_BUF, "an error must cross a pipe in one write");

/**
 * error_set() - describe a failure
 * @err:    filled; NULL is allowed and keeps only the return value
 * @errnum: an errno, positive; 0 is turned into EINVAL
 * @format: verb and object, without the errno's text
 *
 * Return: -errnum, to be returned at once.
 */
int error_set(struct error *err, int errnum, const char *format, ...) _printf_(3, 4);

/**
 * error_remedy() - add what the reader can do about it
 *
 * Return: -err->code, so that it can end a function: return error_remedy(...).
 */
int error_remedy(struct error *err, const char *format, ...) _printf_(2, 3);

/**
 * error_name() - "EPERM" for 1
 *
 * Return: a static string, "E?" for an unknown number (strerrorname_np(3)).
 */
const char *error_name(int errnum);

/**
 * error_print() - write "kapsel: step: message: ENAME (text)" and the remedy to @fd
 *
 * Control bytes in the message are escaped: parts of it may come from a file.
 */
void error_print(int fd, const struct error *err);
