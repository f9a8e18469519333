/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/processes/update.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "launcher/host.h"
#include "profiles/spec.h"

static int set_one(struct spec_limits *limits, const char *word, struct error *err)
{
	const char *equals = strchr(word, '=');
	const size_t length = equals ? (size_t)(equals - word) : 0;
	const struct {
		const char *name;
		uint64_t *value;
	} counts[] = {
		{ "memory", &limits->memory_bytes },
		{ "memory_high", &limits->memory_high_bytes },
		{ "swap", &limits->swap_bytes },
		{ "pids", &limits->pids },
	};
	uint64_t value;

	if (length == 0 || str_to_u64(equals + 1, &value) < 0)
		return error_set(err, EINVAL, "understand the limit %s", word);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		if (strlen(counts[i].name) != length || strncmp(counts[i].name, word, length) != 0)
			continue;
		*counts[i].value = value;
		return 0;
	}
	if (length == strlen("cpu") && strncmp(word, "cpu", length) == 0) {
		limits->cpu_cores = value == SPEC_UNLIMITED ? 0 : (double)value / 1000;
		return 0;
	}
	if (length == strlen("cpu_weight") && strncmp(word, "cpu_weight", length) == 0 && value >= 1 &&
	    value <= 10000) {
		limits->cpu_weight = (uint32_t)value;
		return 0;
	}
	return error_set(err, EINVAL, "understand the limit %s", word);
}

/* A limit that is lifted needs its file written as well: a start writes none, since "max" is there already.
 */
static void lift(const struct cgroup_limits *old, struct cgroup_limits *limits)
{
	for (size_t i = 0; i < old->n; i++) {
		bool kept = false;

		for (size_t j = 0; !kept && j < limits->n; j++)
			kept = str_equal(old->items[i].file, limits->items[j].file);
		if (kept || limits->n == CGROUP_SETTINGS_MAX || !old->items[i].key)
			continue;
		limits->items[limits->n] = old->items[i];
		strncpy(limits->items[limits->n++].value,
			str_equal(old->items[i].file, "cpu.max") ? "max 100000" : "max",
			CGROUP_VALUE_MAX - 1);
	}
}

int update_limits(struct spec *spec, const struct host *host, int cgroup_fd, char *const *words, size_t n,
		  struct error *err)
{
	struct spec wanted = *spec;
	struct cgroup_limits old, limits;
	struct error undone = { 0 };
	int r = 0;

	if (cgroup_fd < 0)
		return error_set(err, EOPNOTSUPP, "change limits: the container has no cgroup");
	for (size_t i = 0; r == 0 && i < n; i++)
		r = set_one(&wanted.limits, words[i], err);
	if (r == 0)
		r = cgroup_limits_build(spec, &old, err);
	if (r == 0)
		r = cgroup_limits_build(&wanted, &limits, err);
	if (r == 0)
		r = cgroup_check(&host->place, &limits, err);
	if (r < 0)
		return r;
	lift(&old, &limits);
	r = cgroup_apply(cgroup_fd, &limits, err);
	if (r == 0)
		r = cgroup_verify(cgroup_fd, &limits, err);
	if (r < 0) {
		lift(&limits, &old);
		return cgroup_apply(cgroup_fd, &old, &undone) < 0
			       ? error_remedy(err, "and the old limits could not be set again: %s",
					      undone.msg)
			       : r;
	}
	spec->limits = wanted.limits;
	return 0;
}
