/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much: memory, CPU, processes, ulimits, disks. */
#include <inttypes.h>

#include "base/arena.h"
#include "base/str.h"
#include "lab/convert/docker.h"
#include "lab/convert/docker_parts.h"
#include "lab/convert/draft.h"
#include "lab/convert/quantities.h"
#include "profiles/spec.h"

enum { CPU_PERIOD_US = 100000, SHARES_DEFAULT = 1024, WEIGHT_DEFAULT = 100, WEIGHT_MAX = 10000 };

static struct json *limits(struct docker *docker)
{
	return draft_object(docker->draft, docker->draft->root, "limits");
}

static bool parse_size(struct docker *docker, const char *name, const char *value, uint64_t *ret)
{
	if (str_equal(value, "-1")) {
		*ret = SPEC_UNLIMITED;
		return true;
	}
	if (quantities_docker_size(value, ret) == 0)
		return true;
	docker_fail(docker, name, value, "not a size, as 128m or 1g");
	return false;
}

void docker_memory(struct docker *docker, const char *value)
{
	if (parse_size(docker, "memory", value, &docker->memory) && docker->memory == 0)
		docker->memory = SPEC_UNLIMITED;
}

void docker_memory_swap(struct docker *docker, const char *value)
{
	if (parse_size(docker, "memory-swap", value, &docker->memory_swap) && docker->memory_swap == 0)
		docker->memory_swap = SPEC_UNSET; /* as if it were not there */
}

static bool parse_real(struct docker *docker, const char *name, const char *value, double *ret)
{
	if (quantities_real(value, ret) == 0)
		return true;
	docker_fail(docker, name, value, "not a number");
	return false;
}

void docker_cpus(struct docker *docker, const char *value)
{
	parse_real(docker, "cpus", value, &docker->cpus);
}

void docker_cpu_quota(struct docker *docker, const char *value)
{
	if (!str_equal(value, "-1"))
		parse_real(docker, "cpu-quota", value, &docker->cpu_quota);
}

void docker_cpu_period(struct docker *docker, const char *value)
{
	parse_real(docker, "cpu-period", value, &docker->cpu_period);
}

/* 1024 shares are what everybody has, as is a weight of 100: ratios stay what they are. */
void docker_cpu_shares(struct docker *docker, const char *value)
{
	double shares = 0;
	int64_t weight;

	if (!parse_real(docker, "cpu-shares", value, &shares) || shares < 1)
		return;
	weight = shares > WEIGHT_MAX * 11.0 ? WEIGHT_MAX
					    : (int64_t)(shares * WEIGHT_DEFAULT / SHARES_DEFAULT + 0.5);
	if (weight < 1)
		weight = 1;
	draft_number(docker->draft, limits(docker), "cpu_weight", weight > WEIGHT_MAX ? WEIGHT_MAX : weight);
}

void docker_cpuset_cpus(struct docker *docker, const char *value)
{
	draft_string(docker->draft, limits(docker), "cpus", value);
}

void docker_pids_limit(struct docker *docker, const char *value)
{
	uint64_t pids = 0;

	if (str_equal(value, "-1") || str_equal(value, "0"))
		draft_string(docker->draft, limits(docker), "pids", "unlimited");
	else if (str_to_u64(value, &pids) < 0 || pids > INT64_MAX)
		docker_fail(docker, "pids-limit", value, "not a count");
	else
		draft_number(docker->draft, limits(docker), "pids", (int64_t)pids);
}

static const struct {
	const char *name, *key, *lost;
	bool count;
} ulimits[] = {
	{ "nofile", "open_files", NULL, true },
	{ "fsize", "file_size", NULL, false },
	{ "core", "core", NULL, false },
	{ "stack", "stack", NULL, false },
	{ "memlock", "locked_memory", NULL, false },
	{ "cpu", NULL, "kapsel has no limit of CPU time; limits.runtime ends it after a time on the clock",
	  0 },
	{ "nproc", NULL, "it counts all processes of a user id; limits.pids counts the container's", 0 },
	{ "as", NULL, "limits.memory counts what is used", 0 },
	{ "data", NULL, "limits.memory counts what is used", 0 },
	{ "rss", NULL, "Linux ignores it; use limits.memory", 0 },
	{ "locks", NULL, "Linux ignores it", 0 },
	{ "msgqueue", NULL, "the queues are the container's own", 0 },
	{ "nice", NULL, "the workload can't raise its priority", 0 },
	{ "rtprio", NULL, "the workload gets no real-time priority", 0 },
	{ "rttime", NULL, "the workload gets no real-time priority", 0 },
	{ "sigpending", NULL, "limits.memory counts signals, too", 0 },
};

static bool ulimit_value(const char *text, uint64_t *ret)
{
	if (str_equal(text, "-1") || str_equal(text, "unlimited")) {
		*ret = SPEC_UNLIMITED;
		return true;
	}
	return str_to_u64(text, ret) == 0 && *ret <= INT64_MAX;
}

static void set_ulimit(struct docker *docker, size_t row, const char *value)
{
	const char *key = ulimits[row].key, *numbers = strchr(value, '=') + 1;
	char *soft = arena_strdup(docker->draft->arena, numbers), *hard = soft;
	uint64_t number = 0, other = 0;

	if (!soft) {
		docker->draft->exhausted = true;
		return;
	}
	strsep(&hard, ":");
	if (!ulimit_value(soft, &number) || (hard && !ulimit_value(hard, &other))) {
		docker_fail(docker, "ulimit", value, "not NAME=SOFT or NAME=SOFT:HARD");
		return;
	}
	if (hard && other != number)
		draft_lost(docker->draft, "--ulimit %s: the hard limit; in kapsel both are the soft one",
			   value);
	if (number == SPEC_UNLIMITED || !ulimits[row].count)
		draft_size(docker->draft, limits(docker), key, number);
	else
		draft_number(docker->draft, limits(docker), key, (int64_t)number);
}

void docker_ulimit(struct docker *docker, const char *value)
{
	size_t length = strcspn(value, "=");

	if (!value[length]) {
		docker_fail(docker, "ulimit", value, "not NAME=SOFT or NAME=SOFT:HARD");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ulimits); i++) {
		if (strlen(ulimits[i].name) != length || strncmp(ulimits[i].name, value, length) != 0)
			continue;
		if (ulimits[i].lost)
			draft_lost(docker->draft, "--ulimit %s: %s", value, ulimits[i].lost);
		else
			set_ulimit(docker, i, value);
		return;
	}
	docker_fail(docker, "ulimit", value, "no such limit");
}

static void device_rate(struct docker *docker, const char *option, const char *value, const char *key,
			bool bytes)
{
	const char *colon = strrchr(value, ':');
	char *device = colon ? arena_memdup(docker->draft->arena, value, (size_t)(colon - value)) : NULL;
	struct json *entry;
	uint64_t rate = 0;

	if (!device ||
	    (bytes ? quantities_docker_size(colon + 1, &rate) : str_to_u64(colon + 1, &rate)) < 0 ||
	    rate > INT64_MAX) {
		docker_fail(docker, option, value, "not DEVICE:RATE");
		return;
	}
	entry = draft_object(docker->draft, draft_object(docker->draft, limits(docker), "io"), device);
	if (bytes)
		draft_size(docker->draft, entry, key, rate);
	else
		draft_number(docker->draft, entry, key, (int64_t)rate);
}

void docker_read_bps(struct docker *docker, const char *value)
{
	device_rate(docker, "device-read-bps", value, "read_bps", true);
}

void docker_write_bps(struct docker *docker, const char *value)
{
	device_rate(docker, "device-write-bps", value, "write_bps", true);
}

void docker_read_iops(struct docker *docker, const char *value)
{
	device_rate(docker, "device-read-iops", value, "read_iops", false);
}

void docker_write_iops(struct docker *docker, const char *value)
{
	device_rate(docker, "device-write-iops", value, "write_iops", false);
}

static void finish_memory(struct docker *docker)
{
	if (docker->memory == SPEC_UNSET) {
		if (docker->memory_swap != SPEC_UNSET)
			docker_fail(docker, "memory-swap", NULL,
				    "it is memory and swap together: give --memory, too");
		return;
	}
	draft_size(docker->draft, limits(docker), "memory", docker->memory);
	if (docker->memory == SPEC_UNLIMITED || docker->memory_swap == SPEC_UNSET)
		return;
	if (docker->memory_swap == SPEC_UNLIMITED)
		draft_size(docker->draft, limits(docker), "swap", SPEC_UNLIMITED);
	else if (docker->memory_swap < docker->memory)
		docker_fail(docker, "memory-swap", NULL,
			    "it is memory and swap together: not less than --memory");
	else if (docker->memory_swap > docker->memory) /* equal: none, the default */
		draft_size(docker->draft, limits(docker), "swap", docker->memory_swap - docker->memory);
}

static void finish_cpu(struct docker *docker)
{
	double period = docker->cpu_period > 0 ? docker->cpu_period : CPU_PERIOD_US;

	if (docker->cpus > 0 && docker->cpu_quota > 0)
		docker_fail(docker, "cpus", NULL, "--cpus and --cpu-quota say the same: give one");
	else if (docker->cpus > 0)
		draft_real(docker->draft, limits(docker), "cpu", docker->cpus);
	else if (docker->cpu_quota > 0)
		draft_real(docker->draft, limits(docker), "cpu", docker->cpu_quota / period);
	else if (docker->cpu_period > 0)
		draft_lost(docker->draft, "--cpu-period: it means something with --cpu-quota only");
}

void docker_limits_finish(struct docker *docker)
{
	const struct json *root = docker->draft->root;

	finish_memory(docker);
	finish_cpu(docker);
	if (!json_find(root, "limits.memory"))
		draft_note(docker->draft,
			   "limits.memory: Docker has no limit without --memory; here it is 64MiB");
	if (!json_find(root, "limits.cpu"))
		draft_note(docker->draft, "limits.cpu: Docker has no limit without --cpus; here it is 0.5");
	if (!json_find(root, "limits.pids"))
		draft_note(docker->draft,
			   "limits.pids: Docker has no limit without --pids-limit; here it is 16");
}
