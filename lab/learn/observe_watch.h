/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The observer's loop: receives each watched call, notes it and lets it happen
 * (SECCOMP_USER_NOTIF_FLAG_CONTINUE), passes the workload's output on, and ends the
 * observation. It protects nothing: the workload is one that its owner starts to learn about.
 */
#include <stdbool.h>
#include <stdint.h>

struct error;
struct observation;
struct observe_ids;
struct observe_stage;

struct observe_watch_options {
	const struct observe_stage *stage;
	const struct observe_ids *ids;
	int listener;         /* bound by the stage: the seccomp listener comes here */
	int output;           /* read end of the workload's output */
	uint64_t duration_ms; /* 0: until the workload ends or a signal comes */
	int stop_signal;
	uint64_t stop_timeout_ms;
};

struct observe_end {
	int status;       /* of the workload, as a shell counts */
	bool started;     /* the command was executed */
	bool stopped;     /* the observation was ended, not the workload */
	uint64_t watched; /* calls that waited for us */
	uint64_t ran_ms;
};

/**
 * observe_watch() - watch until the workload has ended
 *
 * Blocks SIGINT, SIGTERM and SIGHUP and takes them as "end the observation"; a second one kills.
 * Return: 0, or -errno with *err filled; the stage is gone in both cases.
 */
int observe_watch(const struct observe_watch_options *options, struct observation *observation,
		  struct observe_end *ret, struct error *err);
