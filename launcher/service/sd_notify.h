/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The launcher's word to the service manager above it (sd_notify(3)): one datagram to $NOTIFY_SOCKET. Without
 * a manager every function does nothing. All of it belongs to the process that called sd_notify_take(): a
 * manager listens to the unit's main process only (NotifyAccess=main).
 *
 * The workload's own messages ("notify": true) come over another socket and are the supervisor's to judge.
 */
#include <stdint.h>
#include <sys/types.h>

/**
 * sd_notify_take() - take what the manager said in the environment, and remove it there
 *
 * NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, and LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES with the sockets
 * themselves (passed.h). To be called once, before anything is forked, opened or read from the environment:
 * no child can then speak for the unit or find its sockets. A NOTIFY_SOCKET that is neither a path nor
 * "@abstract" is said on stderr and not used.
 */
void sd_notify_take(void);

/** sd_notify_fd() - Return: our socket to the service manager, -1 without one. */
int sd_notify_fd(void);

/** sd_notify_ready() - READY=1: `systemctl start` returns. @status: as sd_notify_status(); may be NULL. */
void sd_notify_ready(const char *status);

/** sd_notify_status() - STATUS=: one line of `systemctl status`. Never waits: when nobody reads, it is lost.
 */
void sd_notify_status(const char *status);

/** sd_notify_stopping() - STOPPING=1: the end has begun. */
void sd_notify_stopping(void);

/** sd_notify_extend() - EXTEND_TIMEOUT_USEC=: starting or stopping needs @usec microseconds more from now. */
void sd_notify_extend(uint64_t usec);

/** sd_notify_main_pid() - MAINPID=: from now on @pid is the unit's main process. */
void sd_notify_main_pid(pid_t pid);

/** sd_notify_watchdog() - WATCHDOG=1, due at least every 2 * sd_notify_watchdog_ms(). Never waits. */
void sd_notify_watchdog(void);

/** sd_notify_watchdog_ms() - Return: how often to ping, half of WATCHDOG_USEC; 0: nobody waits for it. */
uint64_t sd_notify_watchdog_ms(void);

/**
 * sd_notify_error() - ERRNO= and EXIT_STATUS=: why it ends
 * @errnum:      an errno, 0: none
 * @exit_status: what this process will exit with
 */
void sd_notify_error(int errnum, int exit_status);
