/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources and process.rlimits. What a bundle does not limit is unlimited: that must be seen. */
#include <inttypes.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/str.h"
#include "lab/convert/draft.h"
#include "lab/convert/import_oci.h"
#include "profiles/oci/oci.h"

enum { CPU_PERIOD_US = 100000, SHARES_DEFAULT = 1024, WEIGHT_DEFAULT = 100, WEIGHT_MAX = 10000 };

static const struct {
	int resource;
	const char *key;
	bool count;
} rows[] = {
	{ RLIMIT_NOFILE, "open_files", true },
	{ RLIMIT_FSIZE, "file_size", false },
	{ RLIMIT_CORE, "core", false },
	{ RLIMIT_STACK, "stack", false },
	{ RLIMIT_MEMLOCK, "locked_memory", false },
};

static void import_rlimit(struct draft *draft, struct json *limits, const struct oci_rlimit *rlimit)
{
	uint64_t soft = rlimit->soft == UINT64_MAX ? SPEC_UNLIMITED : rlimit->soft;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].resource != rlimit->resource)
			continue;
		if (rlimit->resource == RLIMIT_CORE && soft == 1)
			soft = 0; /* kapsel writes it so */
		if (rows[i].count && soft != SPEC_UNLIMITED)
			draft_number(draft, limits, rows[i].key, (int64_t)soft);
		else
			draft_size(draft, limits, rows[i].key, soft);
		if (rlimit->soft != rlimit->hard)
			draft_lost(draft,
				   "process.rlimits: the hard limit of %s: in kapsel both are the soft one",
				   rlimit->name);
		return;
	}
	draft_lost(draft, "process.rlimits: %s: kapsel has no such limit", rlimit->name);
}

static bool is_number(uint64_t value)
{
	return value != OCI_UNSET && value != OCI_UNLIMITED;
}

static void import_memory(struct draft *draft, struct json *limits, const struct oci_resources *resources)
{
	if (!is_number(resources->memory_limit)) {
		draft_size(draft, limits, "memory", SPEC_UNLIMITED);
	} else {
		draft_size(draft, limits, "memory", resources->memory_limit);
		if (!is_number(resources->memory_swap))
			draft_size(draft, limits, "swap", SPEC_UNLIMITED);
		else if (resources->memory_swap > resources->memory_limit)
			draft_size(draft, limits, "swap", resources->memory_swap - resources->memory_limit);
	}
	if (is_number(resources->memory_reservation))
		draft_lost(draft, "memory.reservation: kapsel protects no memory");
}

static void import_cpu(struct draft *draft, struct json *limits, const struct oci_resources *resources)
{
	uint64_t period = is_number(resources->cpu_period) ? resources->cpu_period : CPU_PERIOD_US;
	uint64_t shares = resources->cpu_shares;

	if (is_number(resources->cpu_quota) && period > 0)
		draft_real(draft, limits, "cpu", (double)resources->cpu_quota / (double)period);
	else
		draft_string(draft, limits, "cpu", "unlimited");
	if (is_number(shares) && shares > 0) {
		uint64_t weight = shares > SHARES_DEFAULT * WEIGHT_DEFAULT
					  ? WEIGHT_MAX
					  : (shares * WEIGHT_DEFAULT + SHARES_DEFAULT / 2) / SHARES_DEFAULT;

		draft_number(draft, limits, "cpu_weight", weight ? (int64_t)weight : 1);
	}
	if (resources->cpus && resources->cpus[0])
		draft_string(draft, limits, "cpus", resources->cpus);
	if (resources->mems && resources->mems[0])
		draft_lost(draft, "cpu.mems: kapsel does not bind to memory nodes");
	if (is_number(resources->cpu_burst) && resources->cpu_burst > 0)
		draft_lost(draft, "cpu.burst: kapsel has no such limit");
	if (is_number(resources->cpu_idle) && resources->cpu_idle > 0)
		draft_lost(draft, "cpu.idle: give a low limits.cpu_weight");
}

static void import_throttles(struct draft *draft, struct json *limits, const struct oci_throttles *list,
			     const char *key)
{
	for (size_t i = 0; i < list->n; i++) {
		struct json *io = draft_object(draft, limits, "io");
		char device[32];

		snprintf(device, sizeof(device), "%" PRIu32 ":%" PRIu32, list->items[i].major,
			 list->items[i].minor);
		draft_number(draft, draft_object(draft, io, device), key, (int64_t)list->items[i].rate);
	}
}

static void import_unified(struct draft *draft, struct json *limits, const struct spec_pairs *unified)
{
	for (size_t i = 0; i < unified->n; i++) {
		const struct spec_pair *pair = &unified->items[i];
		uint64_t number = 0;
		bool known = str_to_u64(pair->value, &number) == 0;

		if (known && str_equal(pair->name, "memory.high"))
			draft_size(draft, limits, "memory_high", number);
		else if (known && str_equal(pair->name, "cpu.weight"))
			draft_number(draft, limits, "cpu_weight", (int64_t)number);
		else if (!known || number != 1 || !str_equal(pair->name, "memory.oom.group"))
			draft_lost(draft, "resources.unified: %s %s: a profile has no key for it", pair->name,
				   pair->value);
	}
}

void import_oci_limits(struct draft *draft, const struct oci *oci)
{
	const struct oci_resources *resources = &oci->resources;
	struct json *limits = draft_object(draft, draft->root, "limits");

	for (size_t i = 0; i < oci->process.n_rlimits; i++)
		import_rlimit(draft, limits, &oci->process.rlimits[i]);
	import_memory(draft, limits, resources);
	import_cpu(draft, limits, resources);
	if (resources->pids_given && resources->pids_limit > 0)
		draft_number(draft, limits, "pids", resources->pids_limit);
	else
		draft_string(draft, limits, "pids", "unlimited");
	import_throttles(draft, limits, &resources->read_bps, "read_bps");
	import_throttles(draft, limits, &resources->write_bps, "write_bps");
	import_throttles(draft, limits, &resources->read_iops, "read_iops");
	import_throttles(draft, limits, &resources->write_iops, "write_iops");
	import_unified(draft, limits, &resources->unified);
	if (is_number(resources->io_weight) || resources->n_io_weight_devices > 0)
		draft_lost(draft, "blockIO.weight: kapsel limits disks by rate, not by weight");
	if (resources->n_hugepages > 0)
		draft_lost(draft, "hugepageLimits: kapsel has no such limit");
	if (resources->n_rdma > 0)
		draft_lost(draft, "rdma: kapsel has no such limit");
}
