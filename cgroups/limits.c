/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the limits of a spec to files and values, in the order in which they are
 * written: swap before memory, so that there is no moment with one but not the other.
 */
#include "cgroups/cgroup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "cgroups/cpulist.h"
#include "profiles/spec.h"

enum {
	CPU_PERIOD_US = 100000,
	CPU_QUOTA_MIN_US = 1000, /* the kernel's own minimum (sched-bwc) */
	CPU_CORES_MAX = 1000000,
	CPU_WEIGHT_DEFAULT = 100, /* what a new group has */
};

static bool is_limit(uint64_t value)
{
	return value != SPEC_UNLIMITED && value != SPEC_UNSET;
}

static struct cgroup_setting *add(struct cgroup_limits *limits, const char *file, unsigned int controller,
				  const char *key, const char *format, ...) _printf_(5, 6);

/* Return: the new setting, or NULL when there are too many. */
static struct cgroup_setting *add(struct cgroup_limits *limits, const char *file, unsigned int controller,
				  const char *key, const char *format, ...)
{
	struct cgroup_setting *setting;
	va_list args;

	if (limits->n == CGROUP_SETTINGS_MAX)
		return NULL;
	setting = &limits->items[limits->n++];
	setting->file = file;
	setting->controller = controller;
	setting->key = key;
	va_start(args, format);
	vsnprintf(setting->value, sizeof(setting->value), format, args);
	va_end(args);
	limits->controllers |= controller;
	return setting;
}

static void add_memory(const struct spec_limits *want, struct cgroup_limits *limits)
{
	if (is_limit(want->swap_bytes)) {
		struct cgroup_setting *swap = add(limits, "memory.swap.max", CGROUP_MEMORY, "limits.swap",
						  "%" PRIu64, want->swap_bytes);

		if (swap)
			swap->optional = true;
	}
	if (is_limit(want->memory_bytes)) {
		/* One killed process of several leaves a service half alive: the group dies as one. */
		add(limits, "memory.oom.group", CGROUP_MEMORY, "limits.memory", "1");
		add(limits, "memory.max", CGROUP_MEMORY, "limits.memory", "%" PRIu64, want->memory_bytes);
	}
	if (is_limit(want->memory_high_bytes))
		add(limits, "memory.high", CGROUP_MEMORY, "limits.memory_high", "%" PRIu64,
		    want->memory_high_bytes);
}

static int add_cpu(const struct spec_limits *want, struct cgroup_limits *limits, struct error *err)
{
	/* Written so that a NaN is refused too. */
	if (!(want->cpu_cores >= 0 && want->cpu_cores <= CPU_CORES_MAX))
		return error_set(err, ERANGE, "limits.cpu: %g isn't a number of cores", want->cpu_cores);
	if (want->cpu_cores > 0) {
		const uint64_t quota_us = (uint64_t)(want->cpu_cores * CPU_PERIOD_US + 0.5);

		/* Rounding up would be a weaker limit than was asked for. */
		if (quota_us < CPU_QUOTA_MIN_US) {
			error_set(err, ERANGE, "limits.cpu: %g cores is less than the kernel can limit to",
				  want->cpu_cores);
			return error_remedy(err, "the least is %g", (double)CPU_QUOTA_MIN_US / CPU_PERIOD_US);
		}
		add(limits, "cpu.max", CGROUP_CPU, "limits.cpu", "%" PRIu64 " %d", quota_us, CPU_PERIOD_US);
	}
	/* A new group has the default weight already, so that one needs no controller. */
	if (want->cpu_weight != CPU_WEIGHT_DEFAULT && want->cpu_weight != 0)
		add(limits, "cpu.weight", CGROUP_CPU, "limits.cpu_weight", "%" PRIu32, want->cpu_weight);
	return 0;
}

static int add_cpuset(const struct spec_limits *want, struct cgroup_limits *limits, struct error *err)
{
	struct cpulist list;
	int r;

	if (!want->cpus)
		return 0;
	r = cpulist_parse(want->cpus, &list);
	if (r == 0 && cpulist_is_empty(&list))
		r = -EINVAL;
	if (r < 0) {
		error_set(err, -r, "limits.cpus: \"%.60s\" isn't a list of CPUs", want->cpus);
		return error_remedy(err, "write numbers and ranges below %d: \"0-3,8\"", CGROUP_CPUS_MAX);
	}
	if (strlen(want->cpus) >= CGROUP_VALUE_MAX)
		return error_set(err, E2BIG, "limits.cpus: the list is longer than %d bytes",
				 CGROUP_VALUE_MAX - 1);
	add(limits, "cpuset.cpus", CGROUP_CPUSET, "limits.cpus", "%s", want->cpus);
	return 0;
}

/* "8:0", or the device number behind a node. */
static int find_device(const char *device, unsigned int *ret_major, unsigned int *ret_minor,
		       struct error *err)
{
	const char *colon = strchr(device, ':');
	char major_text[11];
	struct stat st;

	if (device[0] != '/') {
		size_t length = colon ? (size_t)(colon - device) : sizeof(major_text);

		if (length >= sizeof(major_text))
			goto not_a_device;
		memcpy(major_text, device, length);
		major_text[length] = '\0';
		if (str_to_u32(major_text, ret_major) < 0 || str_to_u32(colon + 1, ret_minor) < 0)
			goto not_a_device;
		return 0;
	}
	if (stat(device, &st) < 0)
		return error_set(err, errno, "limits.io: look at %s", device);
	if (!S_ISBLK(st.st_mode))
		return error_set(err, ENOTBLK, "limits.io: %s isn't a block device", device);
	*ret_major = major(st.st_rdev);
	*ret_minor = minor(st.st_rdev);
	return 0;

not_a_device:
	error_set(err, EINVAL, "limits.io: \"%.60s\" is neither a device node nor a device number", device);
	return error_remedy(err, "write \"/dev/sda\" or \"8:0\"");
}

static int add_io(const struct spec_io_limit *io, struct cgroup_limits *limits, struct error *err)
{
	const struct {
		const char *name;
		uint64_t value;
	} words[] = {
		{ "rbps", io->read_bps },
		{ "wbps", io->write_bps },
		{ "riops", io->read_iops },
		{ "wiops", io->write_iops },
	};
	char value[CGROUP_VALUE_MAX];
	unsigned int major_number, minor_number;
	size_t used = 0, n = 0;
	int r;

	r = find_device(io->device, &major_number, &minor_number, err);
	if (r < 0)
		return r;
	used = (size_t)snprintf(value, sizeof(value), "%u:%u", major_number, minor_number);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!is_limit(words[i].value))
			continue;
		n++;
		used += (size_t)snprintf(value + used, sizeof(value) - used, " %s=%" PRIu64, words[i].name,
					 words[i].value);
		if (used >= sizeof(value))
			return error_set(err, E2BIG, "limits.io: the limits of %.60s are too large",
					 io->device);
	}
	if (n > 0 && !add(limits, "io.max", CGROUP_IO, "limits.io", "%s", value))
		return error_set(err, E2BIG, "limits.io: more devices than there is room for");
	return 0;
}

int cgroup_limits_build(const struct spec *spec, struct cgroup_limits *ret, struct error *err)
{
	const struct spec_limits *want = &spec->limits;
	struct cgroup_limits limits = { 0 };
	int r;

	/* Nothing below us: a payload that gets at a writable cgroup file system can't build groups. */
	add(&limits, "cgroup.max.depth", 0, NULL, "0");
	add(&limits, "cgroup.max.descendants", 0, NULL, "0");
	add_memory(want, &limits);
	r = add_cpu(want, &limits, err);
	if (r < 0)
		return r;
	r = add_cpuset(want, &limits, err);
	if (r < 0)
		return r;
	if (is_limit(want->pids))
		add(&limits, "pids.max", CGROUP_PIDS, "limits.pids", "%" PRIu64, want->pids);
	for (size_t i = 0; i < want->n_io; i++) {
		r = add_io(&want->io[i], &limits, err);
		if (r < 0)
			return r;
	}
	*ret = limits;
	return 0;
}
