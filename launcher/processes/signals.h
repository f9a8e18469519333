/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The supervisor's signals: blocked before the first process is made, so that none is lost,
 * and read from a descriptor.
 */
struct error;

/** signals_block() - block what the supervisor takes, and wait for children as usual. Call before
 * start_run(). */
void signals_block(void);

/** signals_open() - Return: a signalfd(2) for them, non-blocking, or -errno. */
int signals_open(struct error *err);

/**
 * signals_reset() - the usual answers to all signals, none blocked: what a workload starts with
 *
 * The supervisor blocked what it takes from a signalfd, and callers ignore some.
 */
void signals_reset(void);
