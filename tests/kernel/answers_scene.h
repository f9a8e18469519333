/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A start as it should be, written down as the kernel and the payload would tell it, for tests that change
 * one fact of it and ask a step's verify.
 */
#include "launcher/evidence.h"
#include "launcher/host.h"
#include "launcher/run.h"
#include "launcher/step.h"
#include "profiles/spec.h"

struct error;

enum { ANSWERS_ID = 65532, ANSWERS_HOST_ID = 0x30000000, ANSWERS_MOUNTS = 4 };

/* /data, /tmp (writable), /exec, and the optional /maybe, which is not there */
extern const struct spec_mount answers_mounts[ANSWERS_MOUNTS];

extern struct answers {
	struct spec spec;
	struct host host;
	struct proof proof;
	struct run run;
	struct evidence evidence;
} answers;

/** answers_fill() - (again) as it should be. */
void answers_fill(void);

/** answers_add_mount() - one more row of mountinfo; the words are kept, not copied. */
void answers_add_mount(const char *target, const char *options, const char *fstype, const char *super);

/** answers_ask() - what the step's verify says. */
int answers_ask(const struct step_type *type, const void *arg, struct error *err);

/** answers_assert_hold() - fill, and fail the test unless the step holds. */
void answers_assert_hold(const struct step_type *type, const void *arg);

/** answers_assert_missed() - after one change: fail the test unless the step says -EBADE; then fill. */
void answers_assert_missed(const struct step_type *type, const void *arg, const char *what);

#define MISSED_WHEN(type, arg, change)                                                                       \
	do {                                                                                                 \
		change;                                                                                      \
		answers_assert_missed(type, arg, #change);                                                   \
	} while (0)
