/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Health checks: every so often the profile's command runs in the container as a further process
 * (extra.h), and its exit code says how the workload is. What the results mean is in health_state.h.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/service/record.h"

struct error;
struct health;
struct loop;
struct run;

enum { HEALTH_OUTPUT_MAX = 400 };

struct health_report {
	enum record_health state;
	uint64_t failures;              /* in a row, those that count */
	bool success;                   /* of this check */
	bool changed;                   /* state is another one than before this check */
	bool act;                       /* it became unhealthy, and the profile wants a restart */
	char output[HEALTH_OUTPUT_MAX]; /* the last of stdout and stderr, or why there is none; valid UTF-8 or
					   not */
};

/**
 * health_new() - begin with the checks of a workload that was just let go
 * @report: called after each check; it may call health_free()
 *
 * Return: NULL with *err filled on failure, and with err->code 0 when the profile has no check.
 */
struct health *health_new(struct run *run, struct loop *loop,
			  void (*report)(void *arg, const struct health_report *report), void *arg,
			  struct error *err) _must_check_;

/**
 * health_resume() - in a standby: what the supervisor before it knew. NULL is allowed.
 * @began_ms: when the workload was let go, of loop_now_ms()
 */
void health_resume(struct health *health, enum record_health state, uint64_t failures, uint64_t began_ms);

/** health_free() - no more checks; a running one is killed and not reported. NULL is allowed. Return: NULL.
 */
struct health *health_free(struct health *health);
