/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/controllers.h"
#include "cgroups/resources.h"
#include "profiles/oci/oci.h"

enum { FIRST_WRITES = 16, VALUE_MAX = 256 };

bool resources_is_set(uint64_t value)
{
	return value != OCI_UNSET && value != 0;
}

static int make_room(struct resources_plan *plan)
{
	const size_t more = plan->max ? plan->max * 2 : FIRST_WRITES;
	struct resources_write *items;

	if (plan->n < plan->max)
		return 0;
	items = arena_array(plan->arena, more, sizeof(*items));
	if (!items)
		return -ENOMEM;
	if (plan->n > 0)
		memcpy(items, plan->items, plan->n * sizeof(*items));
	plan->items = items;
	plan->max = more;
	return 0;
}

struct resources_write *resources_add(struct resources_plan *plan, const char *key, const char *file,
				      unsigned int controller, const char *format, ...)
{
	char value[VALUE_MAX];
	const char *copy;
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	copy = size >= 0 && size < (int)sizeof(value) ? arena_strdup(plan->arena, value) : NULL;
	if (!copy || make_room(plan) < 0)
		return NULL;
	plan->items[plan->n] =
		(struct resources_write){ .key = key, .file = file, .value = copy, .controller = controller };
	return &plan->items[plan->n++];
}

/*
 * "If the conversion is not possible the runtime MUST generate an error" (config-linux.md, Unified).
 * The kernel memory limits are passed over all the same: engines send them with every update, and
 * memory.max counts the kernel's memory, too.
 */
static int refuse_v1(const struct oci_resources *want, struct error *err)
{
	const struct {
		bool given;
		const char *key, *remedy;
	} rows[] = {
		{ want->swappiness != OCI_UNSET && want->swappiness != OCI_UNLIMITED, "memory.swappiness",
		  "limit the swap with memory.swap" },
		{ want->disable_oom_killer, "memory.disableOOMKiller",
		  "set process.oomScoreAdj to -1000, or raise the limit" },
		{ resources_is_set(want->cpu_rt_runtime), "cpu.realtimeRuntime", "leave it out" },
		{ resources_is_set(want->cpu_rt_period), "cpu.realtimePeriod", "leave it out" },
		{ want->network_given && want->network_class != 0, "network",
		  "mark packets by cgroup instead (iptables -m cgroup --path, nft socket cgroupv2)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!rows[i].given)
			continue;
		error_set(err, EOPNOTSUPP, "linux.resources.%s: cgroup version 2 has nothing like it",
			  rows[i].key);
		return error_remedy(err, "%s", rows[i].remedy);
	}
	return 0;
}

static int add_pids(struct resources_plan *plan, const struct oci_resources *want)
{
	static const char key[] = "linux.resources.pids.limit";

	if (!want->pids_given)
		return 0;
	if (want->pids_limit < 0)
		return resources_add(plan, key, "pids.max", CGROUP_PIDS, "max") ? 0 : -ENOMEM;
	return resources_add(plan, key, "pids.max", CGROUP_PIDS, "%" PRIi64, want->pids_limit) ? 0 : -ENOMEM;
}

/* "mlx4_0 hca_handle=2 hca_object=max" */
static int add_rdma(struct resources_plan *plan, const struct oci_rdma_limit *rdma, struct error *err)
{
	char numbers[2][40] = { "", "" };
	const uint64_t values[] = { rdma->handles, rdma->objects };
	static const char *const names[] = { "hca_handle", "hca_object" };
	struct resources_write *write;

	if (!rdma->device[0] || strpbrk(rdma->device, " \n"))
		return error_set(err, EINVAL, "linux.resources.rdma: \"%.60s\" isn't the name of a device",
				 rdma->device);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (values[i] == OCI_UNLIMITED)
			snprintf(numbers[i], sizeof(numbers[i]), " %s=max", names[i]);
		else if (values[i] != OCI_UNSET)
			snprintf(numbers[i], sizeof(numbers[i]), " %s=%" PRIu64, names[i], values[i]);
	}
	if (!numbers[0][0] && !numbers[1][0])
		return error_set(err, EINVAL, "linux.resources.rdma.%.60s: neither hcaHandles nor hcaObjects",
				 rdma->device);
	write = resources_add(plan, "linux.resources.rdma", "rdma.max", CGROUP_RDMA, "%s%s%s", rdma->device,
			      numbers[0], numbers[1]);
	if (!write)
		return error_set(err, ENOMEM, "linux.resources.rdma");
	write->device = rdma->device;
	write->reset = arena_printf(plan->arena, "%s hca_handle=max hca_object=max", rdma->device);
	return write->reset ? 0 : error_set(err, ENOMEM, "linux.resources.rdma");
}

static int add_unified(struct resources_plan *plan, const struct spec_pair *pair, struct error *err)
{
	const size_t prefix = strcspn(pair->name, ".");
	struct resources_write *write;
	char controller[32] = "";

	if (!pair->name[0] || pair->name[0] == '.' || strchr(pair->name, '/')) {
		error_set(err, EINVAL, "linux.resources.unified: \"%.100s\" isn't the name of a cgroup file",
			  pair->name);
		return error_remedy(err, "name a file of the container's cgroup, such as \"memory.high\"");
	}
	if (prefix < sizeof(controller))
		memcpy(controller, pair->name, prefix);
	write = resources_add(plan, "linux.resources.unified", pair->name, controllers_parse(controller, ' '),
			      "%s", "");
	if (!write)
		return error_set(err, ENOMEM, "linux.resources.unified");
	write->value = pair->value; /* of any length */
	return 0;
}

int resources_build(struct resources_plan *plan, const struct oci_resources *want, struct error *err)
{
	int r = refuse_v1(want, err);

	if (r == 0)
		r = resources_memory_build(plan, want, err);
	if (r == 0)
		r = resources_cpu_build(plan, want, err);
	if (r == 0)
		r = resources_io_build(plan, want, err);
	if (r == 0 && add_pids(plan, want) < 0)
		r = error_set(err, ENOMEM, "linux.resources.pids");
	for (size_t i = 0; r == 0 && i < want->n_rdma; i++)
		r = add_rdma(plan, &want->rdma[i], err);
	/* Last: what is written in the kernel's own words wins over what was converted. */
	for (size_t i = 0; r == 0 && i < want->unified.n; i++)
		r = add_unified(plan, &want->unified.items[i], err);
	return r;
}
