/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The last two moments before the workload, which a further process shares with the payload. */
struct error;
struct run;

/**
 * payload_wait() - wait until the supervisor lets the sealed process go; with exec_held its execveat does
 *
 * Leaves with _exit() when there is no supervisor any more. Return: 0 or -errno with *err filled.
 */
int payload_wait(const struct run *run, struct error *err);

/** payload_execute() - execute run->argv. Returns only when that failed: -errno with *err filled. */
int payload_execute(const struct run *run, struct error *err);
