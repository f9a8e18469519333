/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Running one probe in a process of its own and printing what came of it as one
 * line of JSON.
 */
#include <stdbool.h>

struct probe;

enum run_mode {
	RUN_FORKED,  /* in a child: a signal ends only that */
	RUN_HERE,    /* in this process, whatever becomes of it */
	RUN_CAREFUL, /* in this process, and not at all what could end or spoil it */
};

/** run_can_fork() - Return: whether this process may create another. */
bool run_can_fork(void);

/**
 * run_probe() - make the attempt and print {"probe":…,"name":…,"ret":…,"errno":…,"signal":…,"evidence":…}
 */
void run_probe(const struct probe *probe, enum run_mode mode);
