/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/commands/update_flags.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/str.h"

const struct oci_option update_options[] = {
	{ "resources", 'r', "FILE|-", "take linux.resources from FILE, or stdin; other flags are ignored" },
	{ "memory", 0, "BYTES", "memory limit; suffixes k m g t; -1: none" },
	{ "memory-reservation", 0, "BYTES", "memory that reclaim tries to leave it" },
	{ "memory-swap", 0, "BYTES", "memory and swap together; -1: unlimited swap" },
	{ "kernel-memory", 0, "BYTES", "accepted: cgroup v2 counts it as memory" },
	{ "kernel-memory-tcp", 0, "BYTES", "accepted: cgroup v2 counts it as memory" },
	{ "cpu-share", 0, "N", "share of the processors, 2 to 262144" },
	{ "cpu-shares", 0, "N", "the same" },
	{ "cpu-quota", 0, "USECS", "processor time in each period; -1: unlimited" },
	{ "cpu-period", 0, "USECS", "length of the period" },
	{ "cpu-burst", 0, "USECS", "unused time that may be saved up" },
	{ "cpu-rt-period", 0, "USECS", "period of realtime processes" },
	{ "cpu-rt-runtime", 0, "USECS", "processor time of realtime processes in it" },
	{ "cpu-idle", 0, "0|1", "run only when nobody else wants to" },
	{ "cpuset-cpus", 0, "LIST", "processors to use: 0-3,5" },
	{ "cpuset-mems", 0, "LIST", "memory nodes to use" },
	{ "blkio-weight", 0, "N", "share of block devices, 10 to 1000" },
	{ "pids-limit", 0, "N", "processes and threads; -1: no limit" },
	{ "l3-cache-schema", 0, "TEXT", "Intel RDT: L3 line of the schemata" },
	{ "mem-bw-schema", 0, "TEXT", "Intel RDT: MB line of the schemata" },
	{ 0 },
};

enum kind { BYTES, NUMBER, LIMITED, PLAIN_ZERO };

/* NUMBER: 0 is "not given"; LIMITED: so, and -1 is unlimited; PLAIN_ZERO: 0 is a value. */
static const struct {
	const char *name;
	enum kind kind;
	size_t offset;
} numbers[] = {
	{ "memory", BYTES, offsetof(struct oci_resources, memory_limit) },
	{ "memory-reservation", BYTES, offsetof(struct oci_resources, memory_reservation) },
	{ "memory-swap", BYTES, offsetof(struct oci_resources, memory_swap) },
	{ "kernel-memory", BYTES, offsetof(struct oci_resources, memory_kernel) },
	{ "kernel-memory-tcp", BYTES, offsetof(struct oci_resources, memory_kernel_tcp) },
	{ "cpu-share", NUMBER, offsetof(struct oci_resources, cpu_shares) },
	{ "cpu-shares", NUMBER, offsetof(struct oci_resources, cpu_shares) },
	{ "cpu-quota", LIMITED, offsetof(struct oci_resources, cpu_quota) },
	{ "cpu-period", NUMBER, offsetof(struct oci_resources, cpu_period) },
	{ "cpu-burst", PLAIN_ZERO, offsetof(struct oci_resources, cpu_burst) },
	{ "cpu-rt-period", NUMBER, offsetof(struct oci_resources, cpu_rt_period) },
	{ "cpu-rt-runtime", NUMBER, offsetof(struct oci_resources, cpu_rt_runtime) },
	{ "cpu-idle", PLAIN_ZERO, offsetof(struct oci_resources, cpu_idle) },
	{ "blkio-weight", NUMBER, offsetof(struct oci_resources, io_weight) },
};

static int unit_shift(const char *unit)
{
	static const char letters[] = "kmgtp";
	const char *found;

	if (!*unit || strcasecmp(unit, "b") == 0)
		return 0;
	found = strchr(letters, tolower((unsigned char)*unit));
	if (!found || !*found)
		return -EINVAL;
	if (unit[1] && strcasecmp(unit + 1, "b") != 0 && strcasecmp(unit + 1, "ib") != 0)
		return -EINVAL;
	return (int)(found - letters + 1) * 10;
}

/* Digits behind the point, as a part of 2^shift. Return: 0 or -EINVAL. */
static int add_fraction(const char **text, int shift, uint64_t *value)
{
	uint64_t unit = UINT64_C(1) << shift, sum = 0, scale = 1;

	if (**text < '0' || **text > '9')
		return -EINVAL;
	for (; **text >= '0' && **text <= '9'; ++*text) {
		if (scale >= 1000000)
			continue; /* finer than anybody means */
		scale *= 10;
		sum = sum * 10 + (uint64_t)(**text - '0');
	}
	return __builtin_add_overflow(*value, (uint64_t)((double)unit * (double)sum / (double)scale), value)
		       ? -ERANGE
		       : 0;
}

int update_flags_bytes(const char *text, uint64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	size_t fraction = text[digits] == '.' ? 1 + strspn(text + digits + 1, "0123456789") : 0;
	const char *unit = text + digits + fraction;
	uint64_t value;
	char whole[24];
	int shift, r;

	if (str_equal(text, "-1")) {
		*ret = OCI_UNLIMITED;
		return 0;
	}
	if (digits == 0 || digits >= sizeof(whole))
		return -EINVAL;
	memcpy(whole, text, digits);
	whole[digits] = '\0';
	shift = unit_shift(*unit == ' ' ? unit + 1 : unit);
	r = str_to_u64(whole, &value);
	if (shift < 0 || r < 0)
		return shift < 0 ? shift : r;
	if (__builtin_mul_overflow(value, UINT64_C(1) << shift, &value))
		return -ERANGE;
	text += digits + 1;
	r = fraction > 0 ? add_fraction(&text, shift, &value) : 0;
	if (r == 0 && value > INT64_MAX)
		r = -ERANGE;
	if (r == 0)
		*ret = value;
	return r;
}

static int read_number(const char *text, enum kind kind, uint64_t *ret)
{
	uint64_t value;
	int r;

	if (kind == LIMITED && text[0] == '-') {
		/* Any negative quota is none, as for the kernel's version 1 file. */
		r = str_to_u64(text + 1, &value);
		*ret = r == 0 ? OCI_UNLIMITED : *ret;
		return r;
	}
	r = kind == BYTES ? update_flags_bytes(text, &value) : str_to_u64(text, &value);
	if (r < 0)
		return r;
	if (kind != BYTES && value > INT64_MAX)
		return -ERANGE;
	if (value != 0 || kind == PLAIN_ZERO)
		*ret = value;
	return 0;
}

static int read_pids(const char *text, struct oci_resources *ret)
{
	uint64_t value;
	int r = text[0] == '-' ? str_to_u64(text + 1, &value) : str_to_u64(text, &value);

	if (r < 0 || value > INT64_MAX)
		return r < 0 ? r : -ERANGE;
	/* 0 is runc's "as it is", not "no process at all". */
	ret->pids_given = value > 0;
	ret->pids_limit = text[0] == '-' ? -1 : (int64_t)value;
	return 0;
}

int update_flags_read(const struct oci_parse *parse, struct oci_resources *ret, struct error *err)
{
	const char *value = oci_option_value(parse, "pids-limit");

	if (value && read_pids(value, ret) < 0)
		return error_set(err, EINVAL, "--pids-limit is a number, not \"%s\"", value);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint64_t *target = (uint64_t *)(void *)((char *)ret + numbers[i].offset);
		const char *what = numbers[i].kind == BYTES ? "a size like 512m" : "a number";

		value = oci_option_value(parse, numbers[i].name);
		if (value && *value && read_number(value, numbers[i].kind, target) < 0)
			return error_set(err, EINVAL, "--%s is %s, not \"%s\"", numbers[i].name, what, value);
	}
	value = oci_option_value(parse, "cpuset-cpus");
	ret->cpus = value && *value ? value : NULL;
	value = oci_option_value(parse, "cpuset-mems");
	ret->mems = value && *value ? value : NULL;
	return 0;
}
