/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One cgroup v2 group per container: found, made, limited, read, killed, removed
 * (cgroups(7), the kernel's admin-guide/cgroup-v2.rst). Everything goes through
 * directory descriptors; the mount is found in mountinfo, never assumed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct spec;

enum cgroup_controller {
	CGROUP_CPUSET = 1 << 0,
	CGROUP_CPU = 1 << 1,
	CGROUP_IO = 1 << 2,
	CGROUP_MEMORY = 1 << 3,
	CGROUP_PIDS = 1 << 4,
	CGROUP_HUGETLB = 1 << 5,
	CGROUP_RDMA = 1 << 6,
	CGROUP_MISC = 1 << 7,
};

enum { CGROUP_PATH_MAX = 512, CGROUP_VALUE_MAX = 128 };

/* Where this process may create groups, and with which controllers. */
struct cgroup_place {
	bool found;                   /* a cgroup2 mount exists and a parent could be chosen */
	bool pure;                    /* no v1 hierarchy is mounted */
	char mount[CGROUP_PATH_MAX];  /* "/sys/fs/cgroup" */
	char parent[CGROUP_PATH_MAX]; /* below the mount, starts with "/": "/kapsel" or "/user.slice/…" */
	char top[CGROUP_PATH_MAX];    /* parent or above it: from here down cgroup.subtree_control is ours to
					 write */
	unsigned int
		available; /* controllers that can be had in a group below the parent: those the top offers */
	unsigned int v1;   /* controllers that version 1 hierarchies hold */
	char reason[256];  /* why found is false, or which controllers are missing and why */
	char remedy[256];
};

/* One file to write: name relative to the group. Formatted before clone3. */
struct cgroup_setting {
	const char *file; /* "memory.max" */
	char value[CGROUP_VALUE_MAX];
	unsigned int controller; /* enum cgroup_controller it needs, 0: core file */
	const char *key;         /* profile key it comes from: "limits.memory"; NULL for a core file */
	bool optional; /* memory.swap.max: fine if the kernel lacks it, as long as there is no swap */
};

enum { CGROUP_SETTINGS_MAX = 32, CGROUP_CPUS_MAX = 8192 };

struct cgroup_limits {
	struct cgroup_setting items[CGROUP_SETTINGS_MAX];
	size_t n;
	unsigned int controllers; /* all that the settings need */
};

struct cgroup_end {
	uint64_t oom_kills;         /* memory.events oom_kill */
	uint64_t memory_peak_bytes; /* 0: unknown */
	uint64_t memory_max_bytes;  /* UINT64_MAX: none, also where there is no memory controller */
	uint64_t pids_max_hits;     /* pids.events max */
	uint64_t cpu_usage_us;
	uint64_t cpu_throttled; /* cpu.stat nr_throttled */
};

/**
 * cgroup_place_find() - where containers of this caller belong
 * @ret: filled, also when nothing usable is found (found false, reason and remedy say why)
 *
 * Root: "/kapsel" below the mount, unless the caller's own group is a delegated one
 * (trusted.delegate or user.delegate xattr, as systemd sets). Others: the topmost ancestor
 * of the own group that the caller may write. Looks only, changes nothing.
 *
 * Return: 0, or -errno when /proc/self/mountinfo or /proc/self/cgroup can't be read.
 */
int cgroup_place_find(struct cgroup_place *ret, struct error *err);

/**
 * cgroup_limits_build() - the files and values that spec->limits means
 *
 * Pure. "unlimited" yields no setting (and needs no controller); io needs stat() of the
 * device node, which is the one thing looked up.
 * Return: 0 or -errno.
 */
int cgroup_limits_build(const struct spec *spec, struct cgroup_limits *ret, struct error *err);

/**
 * cgroup_check() - whether every setting has its controller at that place
 *
 * Pure, so that a plan can be refused before anything is made.
 * Return: 0, or -EOPNOTSUPP naming the controllers, what is offered, the keys and the remedy.
 */
int cgroup_check(const struct cgroup_place *place, const struct cgroup_limits *limits, struct error *err);

/** cgroup_controller_name() - Return: "memory" for CGROUP_MEMORY, NULL if not one bit. */
const char *cgroup_controller_name(unsigned int controller);

/**
 * cgroup_create() - make <parent>/<name>, with the controllers switched on down to it
 * @ret_fd:   directory of the new group (O_CLOEXEC)
 * @ret_parent_fd: directory of the parent, for cgroup_remove()
 *
 * A leftover group of that name is removed if empty; one with processes is -EBUSY.
 * A controller that can't be switched on is refused by name with the remedy.
 */
int cgroup_create(const struct cgroup_place *place, const char *name, unsigned int controllers, int *ret_fd,
		  int *ret_parent_fd, struct error *err);

/** cgroup_apply() - write the settings; the error names file, value and profile key. */
int cgroup_apply(int fd, const struct cgroup_limits *limits, struct error *err);

/** cgroup_verify() - read each setting back and compare by meaning; -EBADE on a difference. */
int cgroup_verify(int fd, const struct cgroup_limits *limits, struct error *err);

/** cgroup_end_read() - what the group counted; missing files leave zeros. */
void cgroup_end_read(int fd, struct cgroup_end *ret);

/** cgroup_kill() - cgroup.kill (5.14): every process below, also frozen ones. 0 or -errno. */
int cgroup_kill(int fd);

/** cgroup_populated() - Return: 1, 0 or -errno (cgroup.events). */
int cgroup_populated(int fd);

/**
 * cgroup_remove() - remove the group and any groups below it
 *
 * Waits up to 2 s for it to become empty after a kill.
 * Return: 0 (also when it is gone already) or -errno.
 */
int cgroup_remove(int parent_fd, const char *name);
