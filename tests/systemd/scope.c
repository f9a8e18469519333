/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A launcher that does nothing but what cgroups/systemd.h offers, for tests/systemd/run.
 *
 *	scope start|update|stop UNIT SLICE system|user PID [KEY=VALUE]...
 *
 * start prints the path of the group. A failure is printed as error_print() does, status 1.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "cgroups/mounts.h"
#include "cgroups/systemd.h"
#include "profiles/oci/oci.h"

enum { PAIRS_MAX = 16 };

struct arguments {
	struct oci_resources resources;
	struct spec_pair unified[PAIRS_MAX], annotations[PAIRS_MAX];
	size_t n_annotations;
};

static void set_nothing(struct oci_resources *resources)
{
	uint64_t *const numbers[] = {
		&resources->memory_limit,  &resources->memory_reservation, &resources->memory_swap,
		&resources->memory_kernel, &resources->memory_kernel_tcp,  &resources->swappiness,
		&resources->cpu_shares,    &resources->cpu_quota,          &resources->cpu_burst,
		&resources->cpu_period,    &resources->cpu_rt_runtime,     &resources->cpu_rt_period,
		&resources->cpu_idle,      &resources->io_weight,          &resources->io_leaf_weight,
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		*numbers[i] = OCI_UNSET;
}

static bool set_number(struct oci_resources *resources, const char *key, const char *value)
{
	const struct {
		const char *key;
		uint64_t *to;
	} numbers[] = {
		{ "memory", &resources->memory_limit }, { "reservation", &resources->memory_reservation },
		{ "swap", &resources->memory_swap },    { "shares", &resources->cpu_shares },
		{ "quota", &resources->cpu_quota },     { "period", &resources->cpu_period },
		{ "idle", &resources->cpu_idle },       { "io", &resources->io_weight },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (str_equal(key, numbers[i].key)) {
			*numbers[i].to = (uint64_t)strtoll(value, NULL, 10);
			return true;
		}
	return false;
}

/* "memory=1048576", "cpus=0-1", "unified:memory.high=1G", "annotation:NAME=VALUE" */
static int set(struct arguments *arguments, char *text)
{
	struct oci_resources *resources = &arguments->resources;
	char *value = text, *key = strsep(&value, "=");

	if (!value)
		return -EINVAL;
	if (str_starts(key, "unified:") && resources->unified.n < PAIRS_MAX) {
		arguments->unified[resources->unified.n++] =
			(struct spec_pair){ key + strlen("unified:"), value };
		resources->unified.items = arguments->unified;
	} else if (str_starts(key, "annotation:") && arguments->n_annotations < PAIRS_MAX) {
		arguments->annotations[arguments->n_annotations++] =
			(struct spec_pair){ key + strlen("annotation:"), value };
	} else if (str_equal(key, "pids")) {
		resources->pids_given = true;
		resources->pids_limit = strtoll(value, NULL, 10);
	} else if (str_equal(key, "cpus")) {
		resources->cpus = value;
	} else if (str_equal(key, "mems")) {
		resources->mems = value;
	} else if (!set_number(resources, key, value)) {
		return -EINVAL;
	}
	return 0;
}

static int call(const char *verb, struct cgroup_container *group, pid_t pid,
		const struct arguments *arguments, struct error *err)
{
	const struct spec_pairs annotations = { arguments->annotations, arguments->n_annotations };
	int r;

	if (str_equal(verb, "update"))
		return systemd_scope_update(group, &arguments->resources, err);
	if (str_equal(verb, "stop"))
		return systemd_scope_stop(group, err);
	r = systemd_scope_start(group, pid, &arguments->resources, &annotations, err);
	if (r == 0) {
		puts(group->path);
	} else { /* as a launcher cleans up: this must touch nobody else's scope */
		int stopped = systemd_scope_stop(group, NULL);

		if (stopped < 0 || group->path[0])
			puts("not clean");
	}
	return r;
}

int main(int argc, char *argv[])
{
	struct cgroup_container group = { .manager = CGROUP_MANAGER_SYSTEMD };
	struct arguments arguments = { 0 };
	struct error err = { 0 };
	struct mounts mounts;
	const char *at;

	set_nothing(&arguments.resources);
	if (argc < 6 || mounts_read(&mounts) < 0 || mounts.n_v2 == 0)
		return 2;
	snprintf(group.unit, sizeof(group.unit), "%s", argv[2]);
	snprintf(group.slice, sizeof(group.slice), "%s", argv[3]);
	snprintf(group.mount, sizeof(group.mount), "%s", mounts.v2[0].path);
	group.user_manager = str_equal(argv[4], "user");
	at = getenv("SCOPE_PATH"); /* what the launcher would keep in its state */
	if (at)
		snprintf(group.path, sizeof(group.path), "%s", at);
	for (int i = 6; i < argc; i++)
		if (set(&arguments, argv[i]) < 0) {
			fprintf(stderr, "scope: %s?\n", argv[i]);
			return 2;
		}
	if (call(argv[1], &group, atoi(argv[5]), &arguments, &err) < 0) {
		error_print(STDERR_FILENO, &err);
		return 1;
	}
	return 0;
}
