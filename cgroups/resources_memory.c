/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources.memory and .hugepageLimits (admin-guide/cgroup-v2.rst "Memory", "HugeTLB"). */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/resources.h"
#include "cgroups/text.h"
#include "profiles/oci/oci.h"

enum { NUMBER_MAX_BYTES = 32 };

/* Return: the number in the file; OCI_UNLIMITED for "max", OCI_UNSET if there is no such file. */
static uint64_t read_number(int fd, const char *file)
{
	char text[NUMBER_MAX_BYTES];
	uint64_t value;

	if (fd < 0 || text_read(fd, file, text, sizeof(text)) < 0)
		return OCI_UNSET;
	if (str_equal(text, "max"))
		return OCI_UNLIMITED;
	return str_to_u64(text, &value) < 0 ? OCI_UNSET : value;
}

static struct resources_write *add_bytes(struct resources_plan *plan, const char *key, const char *file,
					 unsigned int controller, uint64_t value)
{
	if (value == OCI_UNLIMITED)
		return resources_add(plan, key, file, controller, "max");
	return resources_add(plan, key, file, controller, "%" PRIu64, value);
}

/*
 * Version 1 limited memory plus swap; version 2 limits the swap alone.
 * Return: 0 with *ret the limit of swap, OCI_UNSET if there is none to set.
 */
static int convert_swap(const struct resources_plan *plan, const struct oci_resources *want, uint64_t *ret,
			struct error *err)
{
	uint64_t memory = want->memory_limit;

	*ret = OCI_UNSET;
	if (!resources_is_set(want->memory_swap)) {
		/* No limit of memory is meant as no limit of either, as it was in version 1. */
		if (memory == OCI_UNLIMITED)
			*ret = OCI_UNLIMITED;
		return 0;
	}
	/* An update may change the one and leave the other. */
	if (!resources_is_set(memory) && want->memory_swap != OCI_UNLIMITED)
		memory = read_number(plan->fd, "memory.max");
	if (want->memory_swap == OCI_UNLIMITED || memory == OCI_UNLIMITED) {
		*ret = want->memory_swap;
		/* A new group has no limit: a sum of the two says nothing of the swap then. */
		if (want->memory_swap == OCI_UNLIMITED || want->memory_limit == OCI_UNLIMITED)
			return 0;
		memory = OCI_UNSET;
	}
	if (!resources_is_set(memory)) {
		error_set(
			err, EINVAL,
			"linux.resources.memory.swap: it limits memory plus swap, but there is no limit of memory");
		return error_remedy(err, "give memory.limit, too");
	}
	if (want->memory_swap < memory) {
		error_set(err, EINVAL,
			  "linux.resources.memory.swap: %" PRIu64
			  " is less than the limit of memory, %" PRIu64,
			  want->memory_swap, memory);
		return error_remedy(err,
				    "it is the sum of memory and swap: give at least the limit of memory");
	}
	*ret = want->memory_swap - memory;
	return 0;
}

/*
 * Version 1 refused a limit below what is in use; version 2 kills for it. Where the usage
 * can't be read, there is nothing to compare.
 */
static int check_usage(const struct resources_plan *plan, const struct oci_resources *want, struct error *err)
{
	const uint64_t usage = read_number(plan->fd, "memory.current");
	uint64_t swapped = read_number(plan->fd, "memory.swap.current");

	if (!want->check_before_update || usage == OCI_UNSET)
		return 0;
	if (swapped == OCI_UNSET)
		swapped = 0;
	if (resources_is_set(want->memory_limit) && want->memory_limit <= usage) {
		error_set(err, EBUSY,
			  "linux.resources.memory.limit: %" PRIu64 " bytes, but %" PRIu64 " are in use",
			  want->memory_limit, usage);
		return error_remedy(err, "checkBeforeUpdate forbids it: the kernel would kill processes");
	}
	if (resources_is_set(want->memory_swap) && want->memory_swap <= usage + swapped) {
		error_set(err, EBUSY,
			  "linux.resources.memory.swap: %" PRIu64 " bytes, but %" PRIu64
			  " of memory and swap are in use",
			  want->memory_swap, usage + swapped);
		return error_remedy(err, "checkBeforeUpdate forbids it: the kernel would kill processes");
	}
	return 0;
}

static int add_hugepages(struct resources_plan *plan, const struct oci_hugepage_limit *limit,
			 struct error *err)
{
	static const char key[] = "linux.resources.hugepageLimits";
	const char *file = arena_printf(plan->arena, "hugetlb.%s.max", limit->page_size);
	const char *reserved = arena_printf(plan->arena, "hugetlb.%s.rsvd.max", limit->page_size);
	struct resources_write *write;

	if (strchr(limit->page_size, '/'))
		return error_set(err, EINVAL, "%s: \"%.60s\" isn't a page size", key, limit->page_size);
	if (!file || !reserved || !add_bytes(plan, key, file, CGROUP_HUGETLB, limit->limit_bytes))
		return error_set(err, ENOMEM, "%s", key);
	/* Refused when reserving (mmap) instead of a SIGBUS when touching; since 5.7. */
	write = add_bytes(plan, key, reserved, CGROUP_HUGETLB, limit->limit_bytes);
	if (!write)
		return error_set(err, ENOMEM, "%s", key);
	write->absent = RESOURCES_PASS_OVER;
	return 0;
}

int resources_memory_build(struct resources_plan *plan, const struct oci_resources *want, struct error *err)
{
	struct resources_write *write;
	uint64_t swap;
	int r = convert_swap(plan, want, &swap, err);

	if (r == 0)
		r = check_usage(plan, want, err);
	if (r < 0)
		return r;
	/* Swap before memory: else what memory.max drives out would go into swap that is to be forbidden. */
	if (swap != OCI_UNSET) {
		write = add_bytes(plan, "linux.resources.memory.swap", "memory.swap.max", CGROUP_MEMORY,
				  swap);
		if (!write)
			return error_set(err, ENOMEM, "linux.resources.memory");
		write->absent = swap == OCI_UNLIMITED ? RESOURCES_PASS_OVER : RESOURCES_UNLESS_SWAP;
	}
	if ((resources_is_set(want->memory_limit) &&
	     !add_bytes(plan, "linux.resources.memory.limit", "memory.max", CGROUP_MEMORY,
			want->memory_limit)) ||
	    (resources_is_set(want->memory_reservation) &&
	     !add_bytes(plan, "linux.resources.memory.reservation", "memory.low", CGROUP_MEMORY,
			want->memory_reservation)))
		return error_set(err, ENOMEM, "linux.resources.memory");
	for (size_t i = 0; i < want->n_hugepages && r == 0; i++)
		r = add_hugepages(plan, &want->hugepages[i], err);
	return r;
}
