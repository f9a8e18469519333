/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks: how much of the machine it can use. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "lab/audit/checks.h"
#include "lab/audit/facts.h"
#include "profiles/spec.h"

enum { KIB = 1024, PAGE = 4096, FEW_FILES = 4096, SEVERAL_FILES = 65536, MANY_PIDS = 4096 };

static void say_amount(struct opinion *ret, unsigned int badness, uint64_t amount, bool bytes)
{
	if (amount == UINT64_MAX)
		opinion_judge(ret, badness, "unlimited");
	else if (bytes && amount >= (uint64_t)KIB * KIB)
		opinion_judge(ret, badness, "%.6g MiB", (double)amount / KIB / KIB);
	else if (bytes)
		opinion_judge(ret, badness, "%" PRIu64 " B", amount);
	else
		opinion_judge(ret, badness, "%" PRIu64, amount);
}

/* The value of a limit in the spec, UINT64_MAX: unlimited. */
static uint64_t wanted(const struct spec_limits *limits, enum facts_group_file file)
{
	switch (file) {
	case FACTS_MEMORY_MAX:
		return limits->memory_bytes;
	case FACTS_SWAP_MAX:
		return limits->memory_bytes == SPEC_UNLIMITED ? SPEC_UNLIMITED : limits->swap_bytes;
	case FACTS_OOM_GROUP:
		return limits->memory_bytes == SPEC_UNLIMITED ? 0 : 1;
	case FACTS_PIDS_MAX:
		return limits->pids;
	case FACTS_CPU_MAX:
		return limits->cpu_cores > 0 ? (uint64_t)(limits->cpu_cores * 1000) : SPEC_UNLIMITED;
	case FACTS_IO_MAX:
		return limits->n_io ? limits->n_io : SPEC_UNLIMITED;
	case FACTS_DESCENDANTS:
	case FACTS_GROUP_FILES:
	default:
		return 0;
	}
}

static void judge_group(const struct check *check, uint64_t value, struct opinion *ret)
{
	switch ((enum facts_group_file)check->argument) {
	case FACTS_OOM_GROUP:
		opinion_judge(ret, value == 1 ? 0 : check->range, value == 1 ? "all of it" : "one process");
		return;
	case FACTS_CPU_MAX:
		if (value == UINT64_MAX)
			opinion_judge(ret, check->range, "unlimited");
		else
			opinion_judge(ret, 0, "%.6g core(s)", (double)value / 1000);
		return;
	case FACTS_IO_MAX:
		opinion_judge(ret, value == UINT64_MAX ? check->range : 0,
			      value == UINT64_MAX ? "unlimited" : "limited");
		return;
	case FACTS_PIDS_MAX:
		say_amount(ret, value == UINT64_MAX ? check->range : value > MANY_PIDS, value, false);
		return;
	case FACTS_MEMORY_MAX:
	case FACTS_SWAP_MAX:
	case FACTS_DESCENDANTS:
	case FACTS_GROUP_FILES:
	default:
		say_amount(ret, value == UINT64_MAX ? check->range : 0, value,
			   check->argument != FACTS_DESCENDANTS);
	}
}

/* The kernel keeps memory in whole pages. */
static uint64_t in_pages(const struct check *check, uint64_t amount)
{
	bool memory = check->argument == FACTS_MEMORY_MAX || check->argument == FACTS_SWAP_MAX;

	return memory && amount != UINT64_MAX ? amount / PAGE * PAGE : amount;
}

static void group_declared(const struct check *check, const struct audit_declared *declared,
			   struct opinion *ret)
{
	uint64_t value = wanted(&declared->spec->limits, (enum facts_group_file)check->argument);

	if (value >= SPEC_UNSET)
		value = UINT64_MAX;
	judge_group(check, value, ret);
	if (check->argument != FACTS_IO_MAX)
		opinion_amount(ret, in_pages(check, value));
	opinion_evidence(ret, "%s", check->key ? check->key : "always 0");
}

static void group_effective(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const struct facts_group_value *value = &facts->group.values[check->argument];
	uint64_t amount;

	if (facts->group.error) {
		opinion_unreadable(ret, facts->group.error, "its control group");
		return;
	}
	if (value->error == EOPNOTSUPP) {
		opinion_unreadable(ret, 0, "not readable: version 1 of cgroups holds the controller");
		return;
	}
	amount = check->argument == FACTS_OOM_GROUP && value->value == UINT64_MAX ? 0 : value->value;
	judge_group(check, amount, ret);
	if (check->argument != FACTS_IO_MAX)
		opinion_amount(ret, in_pages(check, amount));
	opinion_evidence(ret, "%s", value->text);
}

static unsigned int judge_rlimit(const struct check *check, uint64_t value)
{
	switch ((enum facts_rlimit)check->argument) {
	case FACTS_CORE:
		/* 1 also stops a pattern that is a pipe, core(5). */
		return value > 1 ? check->range : 0;
	case FACTS_OPEN_FILES:
		return (value > FEW_FILES) + (value > SEVERAL_FILES);
	case FACTS_FILE_SIZE:
		return value == UINT64_MAX ? check->range : 0;
	case FACTS_LOCKED:
	case FACTS_RLIMITS:
	default:
		return value > (uint64_t)64 * KIB ? check->range : 0;
	}
}

/* For a core file of no size the launcher sets 1: core(5). */
static uint64_t measure(const struct check *check, uint64_t value)
{
	return check->argument == FACTS_CORE && value == 1 ? 0 : value;
}

static void rlimit_declared(const struct check *check, const struct audit_declared *declared,
			    struct opinion *ret)
{
	const struct spec_limits *limits = &declared->spec->limits;
	const uint64_t values[FACTS_RLIMITS] = { limits->core_bytes, limits->open_files,
						 limits->file_size_bytes, limits->locked_memory_bytes };
	uint64_t value = values[check->argument];

	say_amount(ret, judge_rlimit(check, value), value, check->argument != FACTS_OPEN_FILES);
	opinion_amount(ret, measure(check, value));
	opinion_evidence(ret, "%s", check->key);
}

static void rlimit_effective(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	/* The soft limit is the process's own to raise. */
	uint64_t value = facts->limits[check->argument].hard;

	if (facts->limits_error) {
		opinion_unreadable(ret, facts->limits_error, "limits");
		return;
	}
	say_amount(ret, judge_rlimit(check, value), value, check->argument != FACTS_OPEN_FILES);
	opinion_amount(ret, measure(check, value));
	opinion_evidence(ret, "limits: %s, the hard one", check->words);
}

static void oom_effective(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	if (facts->oom_error) {
		opinion_unreadable(ret, facts->oom_error, "oom_score_adj");
		return;
	}
	opinion_judge(ret, facts->oom_score_adj < 0 ? check->range : 0, "%d", facts->oom_score_adj);
	opinion_evidence(ret, "oom_score_adj %d", facts->oom_score_adj);
}

#define GROUP_ROW(name, points, text, from, file, which, ...)                                                \
	{                                                                                                    \
		name, points, 1, text, from, "cgroup " file, group_declared, group_effective,                \
			.argument = (which), .serves = {                                                     \
				__VA_ARGS__                                                                  \
			}                                                                                    \
	}
#define RLIMIT_ROW(name, points, worst, text, from, line, which, ...)                                        \
	{                                                                                                    \
		name, points, worst, text, from, "/proc/PID/limits " line, rlimit_declared,                  \
			rlimit_effective, .argument = (which), .words = line, .serves = {                    \
				__VA_ARGS__                                                                  \
			}                                                                                    \
	}

const struct check checks_limits[] = {
	GROUP_ROW("memory", 1000, "Its memory is limited", "limits.memory", "memory.max", FACTS_MEMORY_MAX,
		  "A15", "5.11", "4.4.3", NULL, "7"),
	GROUP_ROW("swap", 300, "Its swap is limited", "limits.swap", "memory.swap.max", FACTS_SWAP_MAX, "A15",
		  NULL, "4.4.3", NULL, "7"),
	GROUP_ROW("oom-group", 100, "Out of memory, all of it ends", "limits.memory", "memory.oom.group",
		  FACTS_OOM_GROUP, "A15", NULL, NULL, NULL, "7"),
	GROUP_ROW("pids", 1000, "Its processes are limited", "limits.pids", "pids.max", FACTS_PIDS_MAX, "A15",
		  "5.29", "4.4.3", NULL, "7"),
	GROUP_ROW("cpu", 500, "Its processor time is limited", "limits.cpu", "cpu.max", FACTS_CPU_MAX, "A15",
		  "5.12", "4.4.3", NULL, "7"),
	GROUP_ROW("io", 100, "Its disk bandwidth is limited", "limits.io", "io.max", FACTS_IO_MAX, "A15",
		  NULL, "4.4.3", NULL, "7"),
	GROUP_ROW("descendants", 100, "It can not nest control groups without bound", NULL,
		  "cgroup.max.descendants", FACTS_DESCENDANTS, "A15", NULL, NULL, NULL, "7"),
	RLIMIT_ROW("open-files", 200, 2, "Its open files are few", "limits.open_files", "Max open files",
		   FACTS_OPEN_FILES, "A15", "5.19", NULL, NULL, "7"),
	RLIMIT_ROW("file-size", 100, 1, "Its files have a largest size", "limits.file_size", "Max file size",
		   FACTS_FILE_SIZE, "A15", "5.19", NULL, NULL, "7"),
	RLIMIT_ROW("core-dump", 200, 1, "It dumps no core", "limits.core", "Max core file size", FACTS_CORE,
		   "A8 A15", "5.19", NULL, NULL, "7"),
	RLIMIT_ROW("locked-memory", 100, 1, "It locks no memory", "limits.locked_memory", "Max locked memory",
		   FACTS_LOCKED, "A15", "5.19", NULL, NULL, "7"),
	{ "oom-score", 100, 1, "It is not spared when memory runs out", NULL, "/proc/PID/oom_score_adj",
	  opinion_always, oom_effective, .serves = { "A15", NULL, NULL, NULL, NULL } },
	{ 0 },
};
