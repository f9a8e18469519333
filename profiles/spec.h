/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The spec says what is wanted, in the kernel's own units, whoever asked: a
 * profile or an OCI bundle. A reader fills it, spec_check() judges it, and from
 * then on it is const. All strings and arrays belong to the reader's arena.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct json;
struct oci;

#define SPEC_UNLIMITED UINT64_MAX       /* written as "unlimited" */
#define SPEC_UNSET     (UINT64_MAX - 1) /* no such limit was asked for */

/* Which namespaces the container gets of its own; share_host clears bits. */
enum spec_namespace {
	SPEC_NS_PID = 1 << 0,
	SPEC_NS_IPC = 1 << 1,
	SPEC_NS_UTS = 1 << 2,
	SPEC_NS_NET = 1 << 3,
	SPEC_NS_CGROUP = 1 << 4,
	SPEC_NS_TIME = 1 << 5,
	SPEC_NS_ALL = (1 << 6) - 1,
};

enum spec_proc { SPEC_PROC_OWN, SPEC_PROC_NONE, SPEC_PROC_FULL };
enum spec_network { SPEC_NETWORK_NONE, SPEC_NETWORK_LOOPBACK, SPEC_NETWORK_HOST, SPEC_NETWORK_JOIN };
enum spec_mount_type { SPEC_MOUNT_BIND, SPEC_MOUNT_TMPFS };
enum spec_violation { SPEC_VIOLATION_KILL, SPEC_VIOLATION_ERRNO, SPEC_VIOLATION_LOG };
enum spec_on_missing { SPEC_MISSING_FAIL, SPEC_MISSING_WARN };
enum spec_stdin { SPEC_STDIN_NULL, SPEC_STDIN_INHERIT };
enum spec_log_driver {
	SPEC_LOG_JSON_FILE,
	SPEC_LOG_JOURNALD,
	SPEC_LOG_SYSLOG,
	SPEC_LOG_CRI,
	SPEC_LOG_SOCKET, /* the line protocol of docs/logging.md */
	SPEC_LOG_PASSTHROUGH,
	SPEC_LOG_NONE,
};
enum spec_syslog_format { SPEC_SYSLOG_RFC5424MICRO, SPEC_SYSLOG_RFC5424, SPEC_SYSLOG_RFC3164 };
enum spec_on_full { SPEC_FULL_BLOCK, SPEC_FULL_DROP };
enum spec_restart_policy { SPEC_RESTART_NO, SPEC_RESTART_ON_FAILURE, SPEC_RESTART_ALWAYS };
enum spec_health_action { SPEC_HEALTH_RESTART, SPEC_HEALTH_REPORT };
/* What becomes of the workload when its supervisor is killed. */
enum spec_orphan { SPEC_ORPHAN_END, SPEC_ORPHAN_ADOPT };

struct spec_pair {
	const char *name;
	const char *value;
};

struct spec_pairs {
	const struct spec_pair *items;
	size_t n;
};

struct spec_strings {
	const char *const *items; /* items[n] is NULL, so that it can be an argv */
	size_t n;
};

struct spec_user {
	uid_t uid; /* inside */
	gid_t gid;
	const gid_t *groups;
	size_t n_groups;
	bool host_id_auto;
	uint32_t host_id;    /* first host id of the range; never 0 */
	uint32_t host_range; /* 1: only uid and gid exist inside; n: ids 0 to n-1 */
};

struct spec_mount {
	const char *target; /* absolute inside, normalised: no "..", ".", "//" or trailing "/" */
	enum spec_mount_type type;
	const char *source; /* bind: absolute on the host */
	bool write, exec, recursive, optional, idmap;
	uint64_t size_bytes; /* tmpfs */
	uint64_t inodes;     /* tmpfs; SPEC_UNSET: size / 4 KiB, at least 16 */
	mode_t mode;         /* tmpfs root directory */
};

struct spec_secret {
	const char *name;   /* file name below /run/secrets */
	const char *source; /* absolute on the host; resolved from $CREDENTIALS_DIRECTORY */
	mode_t mode;
};

struct spec_device {
	const char *path; /* below /dev */
	bool read, write;
};

struct spec_listen {
	const char *name;
	bool datagram;
	const char *address; /* "0.0.0.0:80", "[::1]:80", "/run/x.sock", "@abstract" */
	int fd;              /* number inside, 3 and up */
	int backlog;
};

struct spec_io_limit {
	const char *device;                                  /* "/dev/sda" or "8:0" */
	uint64_t read_bps, write_bps, read_iops, write_iops; /* SPEC_UNSET where not given */
};

struct spec_limits {
	uint64_t memory_bytes, memory_high_bytes, swap_bytes;
	double cpu_cores;    /* 0: unlimited */
	uint32_t cpu_weight; /* 1 to 10000 */
	const char *cpus;    /* cpuset list, NULL: all */
	uint64_t pids;
	uint64_t open_files;
	uint64_t file_size_bytes, core_bytes, stack_bytes, locked_memory_bytes;
	uint64_t runtime_ms; /* 0: no limit */
	const struct spec_io_limit *io;
	size_t n_io;
};

struct spec_log {
	enum spec_log_driver driver;
	const char *path; /* the log file itself, absolute; NULL: the default place */
	uint64_t max_size_bytes;
	unsigned int max_files;
	bool compress;
	const char *tag; /* NULL: none */
	struct spec_strings labels, env;
	enum spec_on_full on_full;
	const char *syslog_address;   /* "unixgram:///dev/log", "udp://127.0.0.1:514"; NULL: the former */
	unsigned int syslog_facility; /* 0 to 23, syslog(3); daemon is 3 */
	enum spec_syslog_format syslog_format;
	const char *socket; /* driver "socket": absolute path of a listening SOCK_STREAM socket */
};

/* The number of restarts in a row; a run of 10 s or more begins a new row. */
struct spec_restart {
	enum spec_restart_policy policy;
	uint64_t max;      /* SPEC_UNLIMITED: no bound */
	uint64_t delay_ms; /* before the first; each next one waits twice as long, 60 s at most */
};

struct spec_health {
	struct spec_strings command; /* n 0: no check */
	uint64_t interval_ms, timeout_ms;
	uint64_t start_period_ms; /* failures in it do not count */
	uint64_t retries;         /* failures in a row that make it unhealthy */
	enum spec_health_action on_failure;
};

struct spec_events {
	struct spec_strings exec; /* run on the host for each event, which it gets as a line on stdin */
	const char *socket;       /* datagram socket that gets each event; NULL: none */
};

struct spec {
	const char *name;
	const char *description;
	struct spec_pairs labels;

	const char *rootfs;
	struct spec_strings command;
	bool args_from_cli;
	const char *workdir;
	struct spec_pairs env; /* complete, PATH included */
	const char *hostname;
	mode_t umask;
	struct spec_user user;

	const struct spec_mount *mounts; /* sorted by target: parents first */
	size_t n_mounts;
	const struct spec_secret *secrets;
	size_t n_secrets;
	const struct spec_device *devices;
	size_t n_devices;
	enum spec_proc proc;

	enum spec_network network;
	const char *network_netns;        /* SPEC_NETWORK_JOIN: path of the namespace */
	const struct spec_listen *listen; /* sorted by fd, fds are 3, 4, 5 … without a gap */
	size_t n_listen;
	unsigned int namespaces; /* enum spec_namespace: those of its own */

	uint64_t capabilities; /* bit n: CAP_n in all five sets */
	bool allow_setuid, allow_jit, allow_nested_namespaces, allow_ptrace;
	struct spec_strings syscalls; /* "@group" and names, as written */
	enum spec_violation on_violation;
	struct spec_strings exec_allow; /* none: exec exactly once; "*": any */
	struct spec_pairs sysctls;      /* names with dots */
	const char *apparmor, *selinux; /* NULL: the default label where that LSM is active */

	struct spec_limits limits;
	enum spec_stdin stdin_from;
	bool terminal;
	struct spec_log log;
	int stop_signal;
	uint64_t stop_timeout_ms;
	struct spec_restart restart;
	struct spec_health health;
	bool notify;          /* a socket for sd_notify(3) */
	uint64_t watchdog_ms; /* 0: none; else "WATCHDOG=1" is due at least that often */
	enum spec_orphan on_supervisor_death;
	struct spec_events events;
	enum spec_on_missing on_missing;

	const char *file;        /* the profile's path as given */
	const struct json *tree; /* merged, each value with its file, line and column */
	const struct oci *oci;   /* what an OCI bundle says beyond this; NULL for a profile */
};

/** spec_exec_once() - Return: whether the workload may execute nothing after its command. */
static inline bool spec_exec_once(const struct spec *spec)
{
	return spec->exec_allow.n == 0;
}

/** spec_log_piped() - Return: whether the workload's output goes through the supervisor. */
static inline bool spec_log_piped(const struct spec *spec)
{
	return spec->log.driver != SPEC_LOG_PASSTHROUGH && spec->log.driver != SPEC_LOG_NONE;
}

/** spec_exec_any() - Return: whether exec.allow has "*". */
bool spec_exec_any(const struct spec *spec);
