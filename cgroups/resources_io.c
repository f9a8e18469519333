/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources.blockIO (admin-guide/cgroup-v2.rst "IO"). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/resources.h"
#include "profiles/oci/oci.h"

enum { WEIGHT_MIN = 10, WEIGHT_MAX = 1000 };

uint64_t resources_io_weight(uint64_t weight)
{
	return 1 + (weight - WEIGHT_MIN) * 9999 / (WEIGHT_MAX - WEIGHT_MIN);
}

/* Where the BFQ scheduler is loaded it has a file of its own, which takes the numbers of version 1. */
static bool has_bfq(const struct resources_plan *plan)
{
	return plan->fd >= 0 && faccessat(plan->fd, "io.bfq.weight", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int check_weight(uint64_t weight, const char *key, struct error *err)
{
	if (weight >= WEIGHT_MIN && weight <= WEIGHT_MAX)
		return 0;
	error_set(err, ERANGE, "%s: %" PRIu64 " isn't a weight", key, weight);
	return error_remedy(err, "give a number from %d to %d", WEIGHT_MIN, WEIGHT_MAX);
}

static int add_weight(struct resources_plan *plan, const struct oci_resources *want, struct error *err)
{
	static const char key[] = "linux.resources.blockIO.weight";
	const bool bfq = has_bfq(plan);
	int r;

	if (!resources_is_set(want->io_weight))
		return 0;
	r = check_weight(want->io_weight, key, err);
	if (r < 0)
		return r;
	return resources_add(plan, key, bfq ? "io.bfq.weight" : "io.weight", CGROUP_IO, "%" PRIu64,
			     bfq ? want->io_weight : resources_io_weight(want->io_weight))
		       ? 0
		       : error_set(err, ENOMEM, "%s", key);
}

static int add_weight_device(struct resources_plan *plan, const struct oci_weight_device *device,
			     struct error *err)
{
	static const char key[] = "linux.resources.blockIO.weightDevice";
	const bool bfq = has_bfq(plan);
	struct resources_write *write;
	int r;

	/* Leaf weights are of a scheduler that is gone since 5.0. */
	if (!resources_is_set(device->weight))
		return 0;
	r = check_weight(device->weight, key, err);
	if (r < 0)
		return r;
	write = resources_add(plan, key, bfq ? "io.bfq.weight" : "io.weight", CGROUP_IO,
			      "%" PRIu32 ":%" PRIu32 " %" PRIu64, device->major, device->minor,
			      bfq ? device->weight : resources_io_weight(device->weight));
	if (!write)
		return error_set(err, ENOMEM, "%s", key);
	write->device = arena_printf(plan->arena, "%" PRIu32 ":%" PRIu32, device->major, device->minor);
	write->reset =
		arena_printf(plan->arena, "%" PRIu32 ":%" PRIu32 " default", device->major, device->minor);
	return write->device && write->reset ? 0 : error_set(err, ENOMEM, "%s", key);
}

static int add_throttle(struct resources_plan *plan, const struct oci_throttle *throttle, const char *key,
			const char *word, struct error *err)
{
	struct resources_write *write;

	/* Version 1 took 0 for "no limit"; the kernel refuses it here. */
	if (throttle->rate == 0 || throttle->rate == OCI_UNLIMITED)
		write = resources_add(plan, key, "io.max", CGROUP_IO, "%" PRIu32 ":%" PRIu32 " %s=max",
				      throttle->major, throttle->minor, word);
	else
		write = resources_add(plan, key, "io.max", CGROUP_IO, "%" PRIu32 ":%" PRIu32 " %s=%" PRIu64,
				      throttle->major, throttle->minor, word, throttle->rate);
	if (!write)
		return error_set(err, ENOMEM, "%s", key);
	write->device = arena_printf(plan->arena, "%" PRIu32 ":%" PRIu32, throttle->major, throttle->minor);
	write->reset =
		arena_printf(plan->arena, "%" PRIu32 ":%" PRIu32 " rbps=max wbps=max riops=max wiops=max",
			     throttle->major, throttle->minor);
	return write->device && write->reset ? 0 : error_set(err, ENOMEM, "%s", key);
}

int resources_io_build(struct resources_plan *plan, const struct oci_resources *want, struct error *err)
{
	const struct {
		const struct oci_throttles *throttles;
		const char *key, *word;
	} rows[] = {
		{ &want->read_bps, "linux.resources.blockIO.throttleReadBpsDevice", "rbps" },
		{ &want->write_bps, "linux.resources.blockIO.throttleWriteBpsDevice", "wbps" },
		{ &want->read_iops, "linux.resources.blockIO.throttleReadIOPSDevice", "riops" },
		{ &want->write_iops, "linux.resources.blockIO.throttleWriteIOPSDevice", "wiops" },
	};
	int r = add_weight(plan, want, err);

	for (size_t i = 0; r == 0 && i < want->n_io_weight_devices; i++)
		r = add_weight_device(plan, &want->io_weight_devices[i], err);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t j = 0; r == 0 && j < rows[i].throttles->n; j++)
			r = add_throttle(plan, &rows[i].throttles->items[j], rows[i].key, rows[i].word, err);
	return r;
}
