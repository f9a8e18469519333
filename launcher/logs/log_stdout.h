/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where log text goes to the reader. A pipe or a file gets every byte; on a terminal what a workload wrote
 * must not move the cursor, change the title, type answers (CVE-2003-0063 and its like) or turn text around
 * (CVE-2021-42574): it is shown as \xHH.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

enum { LOG_STDOUT_BUFFER = 64 * 1024 };

struct log_stdout {
	int fd;
	bool terminal;
	int failed; /* errno of the first write that failed; nothing is written after it */
	size_t used;
	char buffer[LOG_STDOUT_BUFFER];
};

/** log_stdout_init() - @fd stays the caller's; whether it is a terminal is asked. */
void log_stdout_init(struct log_stdout *out, int fd);

/** log_stdout_put() - bytes as they are. */
void log_stdout_put(struct log_stdout *out, const char *text, size_t size);

/** log_stdout_put_text() - bytes of a workload: made harmless if they go to a terminal. */
void log_stdout_put_text(struct log_stdout *out, const char *text, size_t size);

/** log_stdout_flush() - write what is buffered. 0 or -errno. */
int log_stdout_flush(struct log_stdout *out);

/**
 * log_stdout_escape() - what a terminal gets for the first character of @text
 * @out: at least 16 bytes
 *
 * \n, \t and valid UTF-8 that is neither a control nor a bidirectional one stay. Return: bytes of @text
 * used; *ret_size: bytes in @out.
 */
size_t log_stdout_escape(const char *text, size_t size, char *out, size_t *ret_size);
