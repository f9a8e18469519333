/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * An OCI bundle's config.json (runtime-spec 1.3, Linux) in the kernel's own units. What a
 * profile can say, too, goes into struct spec by oci_to_spec(); the rest, which profiles do
 * not have, is read from here by the steps of the OCI front end. All strings and arrays
 * belong to the reader's arena. After reading it is const.
 */
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiles/spec.h"

struct json;

#define OCI_UNSET     SPEC_UNSET     /* a number that config.json doesn't give */
#define OCI_UNLIMITED SPEC_UNLIMITED /* -1 where the spec lets it mean "no limit" */

enum oci_namespace_type {
	OCI_NS_USER,
	OCI_NS_PID,
	OCI_NS_NETWORK,
	OCI_NS_IPC,
	OCI_NS_UTS,
	OCI_NS_MOUNT,
	OCI_NS_CGROUP,
	OCI_NS_TIME,
	OCI_NS_TYPES,
};

struct oci_namespace {
	bool given;       /* it stands in linux.namespaces */
	const char *path; /* NULL: a new one; only where given */
};

struct oci_id_map {
	uint32_t container_id, host_id, size;
};

struct oci_id_maps {
	const struct oci_id_map *items;
	size_t n;
};

struct oci_user {
	uid_t uid;
	gid_t gid;
	bool umask_given;
	mode_t umask;
	const gid_t *groups; /* additionalGids */
	size_t n_groups;
};

/* Bit n: CAP_n. Names that this kernel does not know are warned of and left out, as the spec says. */
struct oci_capabilities {
	bool given;
	uint64_t bounding, effective, inheritable, permitted, ambient;
};

struct oci_rlimit {
	int resource; /* RLIMIT_* */
	const char *name;
	uint64_t soft, hard; /* UINT64_MAX: RLIM_INFINITY */
};

/* sched_setattr(2) */
struct oci_scheduler {
	bool given;
	uint32_t policy; /* SCHED_* */
	uint64_t flags;  /* SCHED_FLAG_* */
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

/* ioprio_set(2) */
struct oci_io_priority {
	bool given;
	int io_class; /* IOPRIO_CLASS_RT 1, BE 2, IDLE 3 */
	int priority; /* 0 to 7 */
};

struct oci_process {
	bool terminal;
	uint16_t console_height, console_width; /* 0: not given */
	struct oci_user user;
	struct spec_strings args;
	struct spec_strings env; /* "NAME=value" */
	const char *cwd;
	struct oci_capabilities capabilities;
	const struct oci_rlimit *rlimits;
	size_t n_rlimits;
	bool no_new_privileges;
	const char *apparmor, *selinux; /* NULL or empty in the config: NULL */
	bool oom_score_adj_given;
	int oom_score_adj;
	struct oci_scheduler scheduler;
	struct oci_io_priority io_priority;
	const char *cpu_affinity_initial, *cpu_affinity_final; /* exec only; NULL: not given */
};

/* What mounts[].options means; the table is in mount_options.c. */
struct oci_mount_flags {
	uint64_t attr_set, attr_clear;         /* MOUNT_ATTR_* of this mount */
	uint64_t rec_attr_set, rec_attr_clear; /* of it and all below (rro, rnosuid, …) */
	uint64_t super_set, super_clear; /* MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_LAZYTIME, MS_SILENT,
					  * MS_I_VERSION, MS_POSIXACL; MS_RDONLY where attr_set has RDONLY */
	uint64_t propagation[4];         /* MS_SHARED, … each maybe | MS_REC, in the order given, 0: none */
	size_t n_propagation;
	bool bind, recursive; /* bind: "bind" or "rbind", or type "bind"; recursive: "rbind" */
	bool remount;         /* change what is mounted there already */
	bool tmpcopyup;
	bool idmap, recursive_idmap; /* "idmap", "ridmap"; also when uidMappings are given: idmap */
	bool copy_symlink;           /* crun's: the source is a link, make the same link */
	const char *data;            /* all other options, joined with ','; "" */
};

struct oci_mount {
	const char *destination; /* absolute; a relative one has got a '/' in front */
	const char *type;        /* NULL or empty in the config: NULL (then it is a bind if flags.bind) */
	const char *source;      /* NULL: not given; of a bind always absolute: from the bundle if relative */
	struct oci_mount_flags flags;
	struct oci_id_maps uid_maps, gid_maps; /* for idmap; n 0: the container's user namespace */
};

struct oci_device {
	const char *path; /* absolute inside */
	char type;        /* 'c', 'b', 'p' ('u' has become 'c') */
	uint32_t major, minor;
	mode_t mode;
	bool mode_given;
	uid_t uid; /* inside */
	gid_t gid;
};

/* linux.resources.devices[], in order: the last one that matches wins. */
struct oci_device_rule {
	bool allow;
	char type; /* 'a', 'c', 'b' */
	bool any_major, any_minor;
	uint32_t major, minor;
	bool read, write, mknod;
};

struct oci_throttle {
	uint32_t major, minor;
	uint64_t rate; /* bytes or operations a second */
};

struct oci_throttles {
	const struct oci_throttle *items;
	size_t n;
};

struct oci_weight_device {
	uint32_t major, minor;
	uint64_t weight, leaf_weight; /* OCI_UNSET */
};

struct oci_hugepage_limit {
	const char *page_size; /* "2MB" */
	uint64_t limit_bytes;
};

struct oci_rdma_limit {
	const char *device;
	uint64_t handles, objects; /* OCI_UNSET: not given */
};

/* Numbers are OCI_UNSET when not given, OCI_UNLIMITED for -1. Bytes, microseconds. */
struct oci_resources {
	bool devices_given;
	const struct oci_device_rule *devices;
	size_t n_devices;

	uint64_t memory_limit, memory_reservation, memory_swap; /* memory_swap: memory plus swap, as in v1 */
	uint64_t memory_kernel, memory_kernel_tcp; /* v1 only, ignored: memory.max counts them anyway */
	bool use_hierarchy;                        /* v1 only, ignored: v2 is always so */
	uint64_t swappiness;                       /* v1 only: refused, as is … */
	bool disable_oom_killer;                   /* … this, when true */
	bool check_before_update;

	uint64_t cpu_shares, cpu_quota, cpu_burst, cpu_period; /* quota: OCI_UNLIMITED for -1 */
	uint64_t cpu_rt_runtime, cpu_rt_period;
	uint64_t cpu_idle;       /* 0, 1 or OCI_UNSET */
	const char *cpus, *mems; /* NULL: not given; "" is given */

	bool pids_given;
	int64_t pids_limit; /* 0 and up; -1: no limit */

	uint64_t io_weight, io_leaf_weight; /* blockIO.weight, 10 to 1000 */
	const struct oci_weight_device *io_weight_devices;
	size_t n_io_weight_devices;
	struct oci_throttles read_bps, write_bps, read_iops, write_iops;

	const struct oci_hugepage_limit *hugepages;
	size_t n_hugepages;
	bool network_given;
	uint64_t network_class; /* v1 only: refused */
	const struct oci_rdma_limit *rdma;
	size_t n_rdma;
	struct spec_pairs unified; /* file name, value */
};

struct oci_seccomp_arg {
	unsigned int index; /* 0 to 5 */
	uint64_t value, value_two;
	int op; /* SCMP_CMP_* */
};

struct oci_seccomp_rule {
	struct spec_strings names;
	uint32_t action; /* SECCOMP_RET_* without the data, e.g. SECCOMP_RET_ERRNO */
	bool errno_given;
	uint32_t errno_ret;
	const struct oci_seccomp_arg *args;
	size_t n_args;
};

struct oci_seccomp {
	uint32_t default_action; /* SECCOMP_RET_* */
	bool default_errno_given;
	uint32_t default_errno;
	struct spec_strings architectures; /* "SCMP_ARCH_X86_64", checked to be known */
	unsigned int flags;                /* SECCOMP_FILTER_FLAG_* */
	const char *listener_path, *listener_metadata;
	const struct oci_seccomp_rule *rules;
	size_t n_rules;
};

struct oci_hook {
	const char *path;
	struct spec_strings args; /* argv; n 0: just the path */
	struct spec_strings env;  /* "NAME=value"; an empty environment if not given */
	unsigned int timeout_s;   /* 0: none */
};

struct oci_hook_list {
	const struct oci_hook *items;
	size_t n;
};

enum oci_hook_kind {
	OCI_HOOK_PRESTART,
	OCI_HOOK_CREATE_RUNTIME,
	OCI_HOOK_CREATE_CONTAINER,
	OCI_HOOK_START_CONTAINER,
	OCI_HOOK_POSTSTART,
	OCI_HOOK_POSTSTOP,
	OCI_HOOK_KINDS,
};

struct oci_intel_rdt {
	bool given;
	const char *clos_id, *l3_cache_schema, *mem_bw_schema; /* NULL: not given */
	struct spec_strings schemata;
	bool enable_monitoring;
};

struct oci_memory_policy {
	bool given;
	int mode;           /* MPOL_* */
	unsigned int flags; /* MPOL_F_* */
	const char *nodes;  /* "0-1,3"; NULL or "": none */
};

struct oci_net_device {
	const char *host_name;
	const char *name; /* inside; the host's name if not given */
};

struct oci_time_offset {
	bool given;
	int64_t secs;
	uint32_t nanosecs;
};

struct oci {
	const char *version; /* ociVersion, checked: 1.x.y */
	const char *bundle;  /* absolute */
	bool process_given;
	struct oci_process process;
	const char *rootfs; /* absolute */
	bool rootfs_readonly;
	const char *hostname, *domainname; /* NULL: not given */
	const struct oci_mount *mounts;    /* in the order given, as the spec demands */
	size_t n_mounts;
	struct oci_hook_list hooks[OCI_HOOK_KINDS];
	struct spec_pairs annotations;

	struct oci_namespace namespaces[OCI_NS_TYPES];
	struct oci_id_maps uid_maps, gid_maps;
	struct oci_time_offset time_monotonic, time_boottime;
	const struct oci_device *devices;
	size_t n_devices;
	const struct oci_net_device *net_devices;
	size_t n_net_devices;
	const char *cgroups_path; /* NULL: not given */
	struct oci_resources resources;
	uint64_t rootfs_propagation; /* MS_SHARED, MS_SLAVE, …, maybe | MS_REC; 0: not given */
	bool seccomp_given;
	struct oci_seccomp seccomp;
	struct spec_pairs sysctls;
	struct spec_strings masked_paths, readonly_paths;
	const char *mount_label; /* NULL: none */
	bool personality_given;
	unsigned long personality; /* PER_LINUX or PER_LINUX32 */
	struct oci_intel_rdt intel_rdt;
	struct oci_memory_policy memory_policy;
};
