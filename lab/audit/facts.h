/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the kernel says of a running process, read once from the host's procfs and cgroup file system,
 * whoever started it. Nothing here judges (checks.h does) and nothing is taken from the process itself.
 *
 * Each part has an errno of its own: 0, or why it could not be read. What can't be read is not guessed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"
#include "base/proc.h"

struct arena;
struct audit_declared;
struct error;

enum {
	FACTS_NAMESPACES = 8,
	FACTS_RANGES_MAX = 340, /* what the kernel allows in a map, user_namespaces(7) */
	FACTS_MOUNTS_MAX = 2048,
	FACTS_STEPS_MAX = 128,
	FACTS_TEXT_MAX = 160,
};

enum facts_namespace {
	FACTS_USER,
	FACTS_MNT,
	FACTS_PID,
	FACTS_NET,
	FACTS_IPC,
	FACTS_UTS,
	FACTS_CGROUP,
	FACTS_TIME,
};

/* Where things are read: the host's places, or those of a test. */
struct facts_source {
	const char *proc;        /* "/proc" */
	const char *cgroups;     /* a mount of cgroup2; NULL: none */
	const char *cgroup_root; /* the group that is its top: "/" */
	const char *passwd;      /* "/etc/passwd": accounts of the host */
};

struct facts_range {
	uint32_t inside, outside, count;
};

struct facts_map {
	int error;
	struct facts_range ranges[FACTS_RANGES_MAX];
	size_t n;
};

struct facts_mount {
	int id;
	unsigned int major, minor;
	char *root, *target, *options, *fstype, *super;
	bool shared;
};

struct facts_mounts {
	int error;
	struct facts_mount *items; /* the lower ones first */
	size_t n;
};

enum facts_rlimit { FACTS_CORE, FACTS_OPEN_FILES, FACTS_FILE_SIZE, FACTS_LOCKED, FACTS_RLIMITS };

/* UINT64_MAX: unlimited */
struct facts_limit {
	uint64_t soft, hard;
};

enum facts_group_file {
	FACTS_MEMORY_MAX,
	FACTS_SWAP_MAX,
	FACTS_OOM_GROUP,
	FACTS_PIDS_MAX,
	FACTS_CPU_MAX, /* thousandths of a core */
	FACTS_IO_MAX,  /* number of disks with a limit */
	FACTS_DESCENDANTS,
	FACTS_GROUP_FILES,
};

struct facts_group_value {
	int error;      /* EOPNOTSUPP: version 1 of cgroups holds the controller */
	uint64_t value; /* UINT64_MAX: no limit, in this group and all above it */
	char text[160]; /* as evidence: "memory.max 67108864 in /kapsel/web" */
};

struct facts_group {
	int error;
	char path[512]; /* as /proc/PID/cgroup has it */
	struct facts_group_value values[FACTS_GROUP_FILES];
	int device_filters; /* programs on the group, or -errno */
	int procs_error;
	unsigned int n_procs;
	char other_service[32]; /* a process whose name says that more than one service runs: "sshd" */
};

/* One row of the table that the launcher wrote when it had verified the start. */
struct facts_step {
	const char *name, *result, *report;
};

struct facts {
	pid_t pid;
	char command[FACTS_TEXT_MAX]; /* its name, escaped */
	struct proc_status status;

	int namespace_error[FACTS_NAMESPACES];
	bool own[FACTS_NAMESPACES]; /* neither ours nor process 1's */
	struct facts_map uid_map, gid_map;
	bool account_known;
	char account[64]; /* of the host with that id; "": none */

	struct facts_mounts mounts, host_mounts;
	struct facts_limit limits[FACTS_RLIMITS];
	int limits_error;
	struct facts_group group;

	int label_error;
	char label[FACTS_TEXT_MAX];
	int personality_error, oom_error, stat_error;
	unsigned long personality;
	int oom_score_adj;
	int terminal; /* number of the controlling one, 0: none */

	int environ_error;
	unsigned int n_secrets_in_environ;
	char secrets_in_environ[FACTS_TEXT_MAX]; /* names, never a value */
	int cmdline_error;
	char secret_in_arguments[64]; /* the name of the option */

	int maps_error;
	unsigned int n_writable_code; /* mappings that are writable and executable */
	char writable_code[FACTS_TEXT_MAX];

	int fds_error;
	unsigned int n_fds, n_leaked;
	char leaked[FACTS_TEXT_MAX]; /* the first that leads out of its mounts */

	int interfaces_error;
	unsigned int n_interfaces; /* without lo */
	char interfaces[FACTS_TEXT_MAX];
	int listen_error;
	unsigned int n_listen; /* sockets of this process that wait for the world */
	unsigned int n_listen_any,
		n_listen_low; /* on all addresses of the host; on a port below 1024 of it */
	char listen_any[64], listen_low[64];

	int root_error;
	bool root_is_host;
	char engine_socket[FACTS_TEXT_MAX]; /* one that can be reached inside */
	char remote_server[64], shell[64];  /* programs found in its root */
	int devices_error;
	unsigned int n_devices; /* in /dev, beyond the harmless ones */
	char devices[FACTS_TEXT_MAX];

	/* Settings of the host, -1: this kernel has none. */
	int host_unprivileged_bpf, host_kptr_restrict, host_dmesg_restrict, host_legacy_tiocsti;

	/* Only of kapsel's own containers. */
	const struct audit_declared *declared;
	struct facts_step steps[FACTS_STEPS_MAX];
	size_t n_steps;
};

/**
 * facts_read() - read all that can be read of process @pid
 * @arena: owns what @ret points to
 *
 * Return: 0; -ESRCH when there is no such process; -EACCES when this caller may not look at it (of which
 * the kernel then shows next to nothing); -EBADMSG for a status that can't be understood; *err filled.
 */
int facts_read(const struct facts_source *source, pid_t pid, struct arena *arena, struct facts *ret,
	       struct error *err) _must_check_;

/** facts_step() - Return: the launcher's row of that name, or NULL. */
const struct facts_step *facts_step(const struct facts *facts, const char *name);

/** facts_take_steps() - take in the text of a run's `steps` file. @text: changed, must live as long. */
void facts_take_steps(struct facts *facts, char *text);

/** facts_mount_at() - Return: the topmost mount at @target, or NULL. */
const struct facts_mount *facts_mount_at(const struct facts_mounts *mounts, const char *target);

/** facts_option() - Return: whether a comma-separated list has @option, alone or as "option=…". */
bool facts_option(const char *options, const char *option);

/** facts_inside() - the id that @outside has inside; -1: it is not mapped. */
int64_t facts_inside(const struct facts_map *map, uint32_t outside);

/** facts_account() - Return: whether @passwd has an account with that id, and its name. */
bool facts_account(const char *passwd, uid_t uid, char *ret, size_t size);
