/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * linux.resources as a list of writes: all of it is formatted and checked before the first one is
 * done. One file a subsystem adds to the list (resources_*.c); resources.c does them and undoes them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "cgroups/cgroup.h"

struct arena;
struct error;
struct oci_resources;

/* What it means that the kernel hasn't got the file. */
enum resources_absent {
	RESOURCES_REFUSE,
	RESOURCES_PASS_OVER,   /* the limit holds without it */
	RESOURCES_UNLESS_SWAP, /* memory.swap.max: nothing to limit where there is no swap */
};

struct resources_write {
	const char *key;  /* "linux.resources.memory.limit" */
	const char *file; /* "memory.max" */
	const char *value;
	unsigned int controller;
	enum resources_absent absent;
	const char *device; /* NULL, or the first word of the line that this write is about: "8:0" */
	const char *reset;  /* with a device: the value that takes the line out again */
	const char *before; /* what stood in the file; NULL: unknown */
};

struct resources_plan {
	struct arena *arena;
	int fd; /* the group, to look at what is there; -1 in tests: nothing is */
	struct resources_write *items;
	size_t n, max;
};

/** resources_is_set() - whether a number was given and is no 0, which engines send for "not given" */
bool resources_is_set(uint64_t value);

/**
 * resources_add() - add one write; the format makes the value
 * Return: the write, to add to it, or NULL when memory is exhausted.
 */
struct resources_write *resources_add(struct resources_plan *plan, const char *key, const char *file,
				      unsigned int controller, const char *format, ...) _printf_(5, 6);

/** resources_build() - fill the plan; 0 or -errno with *err naming the key */
int resources_build(struct resources_plan *plan, const struct oci_resources *want, struct error *err)
	_must_check_;

/* One a subsystem; as resources_build(). */
int resources_memory_build(struct resources_plan *plan, const struct oci_resources *want, struct error *err);
int resources_cpu_build(struct resources_plan *plan, const struct oci_resources *want, struct error *err);
int resources_io_build(struct resources_plan *plan, const struct oci_resources *want, struct error *err);

/** resources_cpu_weight() - shares of version 1 (2 to 262144) as a weight (1 to 10000); 0 for 0 */
uint64_t resources_cpu_weight(uint64_t shares);

/** resources_io_weight() - weight of version 1 (10 to 1000) as one of version 2 (1 to 10000) */
uint64_t resources_io_weight(uint64_t weight);
