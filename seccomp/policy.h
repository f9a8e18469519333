/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a spec's openings mean for every known call: the one place that decides it. The
 * compiler writes it as BPF, the supervisor asks it for its answers, filter_verdict() and
 * the cache's key read it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "profiles/spec.h"
#include "seccomp/argument_rules.h"
#include "seccomp/filter.h"
#include "seccomp/syscall_table.h"

struct error;

enum { POLICY_RULES_MAX = 64 };

struct policy {
	uint8_t verdicts[SYSCALL_ROWS];                      /* enum filter_verdict */
	const struct argument_rule *rules[POLICY_RULES_MAX]; /* those in force */
	size_t n_rules;
	enum spec_violation on_violation;
	bool exec_once;
	struct argument_values values; /* exec_fd -1: none */
};

/**
 * policy_read() - decide about every call
 * @exec_fd: as in struct filter_options
 *
 * Return: 0; -EINVAL for an unknown name or group, with the nearest known one as remedy.
 */
int policy_read(const struct spec *spec, int exec_fd, struct policy *ret, struct error *err);

/**
 * policy_rule() - the rule in force that refuses this call
 *
 * Return: NULL if none does, also where the number alone is refused.
 */
const struct argument_rule *policy_rule(const struct policy *policy, int nr, const uint64_t args[6]);

/** policy_verdict() - Return: what the number @nr alone decides. */
enum filter_verdict policy_verdict(const struct policy *policy, int nr);

/** policy_strict() - Return: whether on_violation "log" must not soften refusals of this call. */
bool policy_strict(const struct policy *policy, int nr);

/** policy_answer() - Return: 0: the call happens, also under "log"; an errno; -1: killed. */
int policy_answer(const struct policy *policy, int nr, const uint64_t args[6]);

/** policy_key() - Return: the allow_ key of a profile that opens the call, or NULL. */
const char *policy_key(const char *call);
