/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Telling the caller which process it is: --pid-file and --pidfd-socket. */
#include <sys/types.h>

struct error;

/** pid_file_write() - the number without a newline, whole or not at all: temporary name, then rename(2). 0 or
 * -errno. */
int pid_file_write(const char *path, pid_t pid, struct error *err);

/** pid_file_send_pidfd() - the pidfd over the unix socket at @path. 0 or -errno. */
int pid_file_send_pidfd(const char *path, int pidfd, struct error *err);
