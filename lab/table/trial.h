/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A trial: the probes of the table, run in containers of one profile, until each of them has an answer. A
 * probe that ends its container has answered by that; a profile that refuses fork(2) gets a container for
 * each probe that needs a process of its own.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

struct arena;
struct error;
struct probe_row;
struct trial_signals;

struct trial {
	const char *kapsel;  /* the launcher */
	const char *profile; /* from trial_profile.h */
	const char *program; /* kapsel-probe, on the host */
	struct trial_signals *signals;
};

struct trial_answer {
	const struct probe_row *row;
	bool known;
	long ret;
	char answer[24]; /* as in probe_table.h; "" when it is untestable */
	char evidence[320];
	char untestable[200]; /* why it proves nothing here; "" else */
};

/**
 * trial_take() - find the answers in what a container wrote; other lines are left out
 * @text: is changed
 * @answers: with their rows set; one that is known stays as it is
 */
void trial_take(char *text, struct trial_answer *answers, size_t n);

/**
 * trial_run() - get an answer for each of @answers
 * @answers: with their rows set; the rest is filled
 *
 * Return: 0; -EINTR after SIGINT, SIGTERM or SIGHUP (*err empty); or -errno with *err filled, among them
 * EPROTO when a container did not start: what kapsel said was printed to stderr.
 */
int trial_run(const struct trial *trial, struct trial_answer *answers, size_t n, struct error *err)
	_must_check_;

/**
 * trial_compare() - ask the machine itself about the attacks that were stopped, where it may lack their
 * target
 *
 * Runs the probe program outside of any container, with those probes only that can do no harm there. One that
 * nobody could make succeed here becomes untestable. Return: as trial_run().
 */
int trial_compare(const struct trial *trial, struct trial_answer *answers, size_t n, struct error *err)
	_must_check_;
