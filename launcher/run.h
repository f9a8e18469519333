/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the processes of one start hold. The supervisor fills it before clone3; init and
 * payload work on their copies. What must travel back goes over the control socket or
 * stands in the shared proof page. The descriptors are -1 when empty.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/proc.h"
#include "cgroups/cgroup.h"
#include "launcher/step.h"
#include "seccomp/filter.h"

struct arena;
struct extras;
struct host;
struct notify;
struct oci_run;
struct plan;
struct spec;

enum { RUN_NAMESPACES = 8 };

/* As in /proc/<pid>/ns. */
extern const char *const run_namespace_names[RUN_NAMESPACES];

enum {
	RUN_MOUNTS_MAX = 64,
	RUN_SECRETS_MAX = 32,
	RUN_LISTEN_MAX = 24,
	RUN_DEVICES_MAX = 32,
	RUN_MAP_MAX = 256,
	LISTEN_PID_SIZE = 32,
	/* Descriptors that the payload still needs live from here up: below are stdio and listen's. */
	RUN_FD_FLOOR = 40,
	/* The lowest number the program's descriptor may get (exec-once). */
	RUN_EXEC_FD_MIN = 64,
};

/*
 * What only the process itself can ask the kernel: written by init and payload after their
 * steps, read by the supervisor's verify functions while the payload waits. Shared memory;
 * the workload never sees it, since execve drops the mapping.
 */
struct proof {
	int landlock_abi;         /* of the ruleset that was enforced */
	int landlock_open_before; /* errno of opening a directory that no rule allows: 0 before … */
	int landlock_open_after;  /* … and EACCES after landlock_restrict_self */
	int seccomp_clone3;       /* errno of clone3(NULL, 0): ENOSYS under our filter, EINVAL without */
	int mdwe;                 /* prctl(PR_GET_MDWE) */
	int securebits;           /* prctl(PR_GET_SECUREBITS) */
	int dumpable;             /* prctl(PR_GET_DUMPABLE) of init */
	int keyring;              /* serial of the session keyring */
	int lo_flags;             /* SIOCGIFFLAGS of lo, -1: unread */
	int userns_limit;         /* user.max_user_namespaces as read back, -1: unread */
	uint64_t program[2];      /* device and inode of the command when it was looked at … */
	uint64_t held[2];         /* … and of what stands on exec_fd; 0: neither was done */
	char label[256];          /* of the next execve, as the security module reads it back */
	char nodename[65];        /* uname(2) */
	char cwd[256];            /* getcwd(2) of the payload; it must start with "/" */
	unsigned int open_fds;    /* descriptors that will survive execveat */
	int stray_fd;             /* one that should not, -1: none */
	uint64_t namespaces[RUN_NAMESPACES];       /* inode numbers, in the order of run_namespace_names */
	uint64_t extra_namespaces[RUN_NAMESPACES]; /* of a further process */
	unsigned int masked, read_only;            /* paths below /proc that mask-path found and covered */
	unsigned int sysctls;                      /* written and read back equal */
	unsigned int secrets;                      /* files written */
	pid_t joined;                              /* init, made by a joiner; 0: it failed */
	unsigned int listening; /* bit i: listen[i] is bound by the supervisor, for the janitor */
	bool cgroup_ours;       /* the cgroup of that name was made by this start, or left by a dead one */
	/* What a standby that adopts must know to verify further processes (processes/extra.c). */
	struct {
		uint32_t host_id, host_range;
		int exec_fd;
		bool exec_held, listens;
	} carried;
};

/* A message from init to the supervisor; its descriptors travel beside it. */
struct message {
	enum message_type {
		MESSAGE_FAILED, /* error says what; init exits */
		MESSAGE_SEALED, /* the payload waits; fds: pidfd, stdout, stderr, listener */
		MESSAGE_ENDED,  /* the payload ended: status */
		/* Only of OCI containers. */
		MESSAGE_CONSOLE,  /* fd: the terminal's master */
		MESSAGE_HOOKS,    /* the mounts stand: run the hooks of this moment, then answer */
		MESSAGE_LISTENER, /* to `start`: the seccomp listener, fd */
		/* Of further processes (processes/extra.h), to init: struct extra_order. */
		MESSAGE_EXTRA_START, /* fds: stdin, stdout, stderr, and the gate's read end */
		MESSAGE_EXTRA_KILL,  /* the process group of id */
		/* From init and the process itself. ENDED comes once for each START, as the last. */
		MESSAGE_EXTRA_SEALED, /* it waits: exec_fd; fds: pidfd, listener */
		MESSAGE_EXTRA_FAILED, /* error says what */
		MESSAGE_EXTRA_ENDED,  /* status */
	} type;
	int status;  /* of wait(2) */
	uint32_t id; /* of a further process */
	int exec_fd; /* the number that its program has */
	struct error error;
};

enum { SEALED_PIDFD, SEALED_STDOUT, SEALED_STDERR, SEALED_LISTENER, SEALED_NOTIFY, SEALED_FDS };

struct run {
	const struct spec *spec;
	const struct host *host;
	const struct plan *plan;
	struct arena *arena;
	struct oci_run *oci; /* what only OCI containers have; NULL for a profile */
	struct proof *proof;

	/* Outside. */
	char id[80];   /* name of the cgroup and of the state directory */
	int state_fd;  /* /run/kapsel/<name>, locked; the service's */
	int ids_fd;    /* the lock file of host id ranges; the service's */
	int cgroup_fd; /* -1: no cgroup is used */
	int cgroup_parent_fd;
	int memory_events_fd; /* to be woken by an OOM kill */
	struct cgroup_limits limits;
	uint32_t host_id, host_range;
	bool maps_by_helper; /* newuidmap and newgidmap write the maps */
	char uid_map[RUN_MAP_MAX], gid_map[RUN_MAP_MAX];
	uint64_t clone_flags;
	int netns_fd; /* network join */

	/* Made before clone3, used by init. */
	int control[2];                  /* seqpacket: [0] supervisor, [1] init */
	int rootfs_fd;                   /* detached tree; after the root step the attached one */
	int mount_fds[RUN_MOUNTS_MAX];   /* binds, detached, with their flags */
	int secret_fds[RUN_SECRETS_MAX]; /* readable source files */
	int listen_fds[RUN_LISTEN_MAX];
	int stdin_fd, stdout_fd, stderr_fd; /* stdout and stderr: only for drivers without pipes */
	struct filter filter;
	bool exec_held; /* execveat itself waits for the supervisor, as a seccomp notification */
	char *const *argv;
	char *const *envp;
	char *listen_pid;   /* space in envp for "LISTEN_PID=…", NULL without listen */
	char *watchdog_pid; /* the same for "WATCHDOG_PID=…", NULL without watchdog */

	/* Init and payload. */
	int sealed[2]; /* pipe: the payload's word that it is sealed, with the listener's number */
	int procfs_fd; /* own procfs, for writes and as what Landlock must refuse */
	int program_fd, interpreter_fd;
	int exec_fd; /* number that program_fd has in the payload */
	int go[2];   /* pipe: the supervisor's word to execute */
	int stdout_pipe[2], stderr_pipe[2];
	pid_t payload;
	int notify_sock; /* bound to /dev/notify; init makes it, the supervisor gets and reads it */

	/* Supervisor. */
	int janitor_fd; /* the service's socket to its janitor, for init to close */
	/* The service's sockets of listen, bound once for all of its runs: RUN_LISTEN_MAX, -1 where there is
	 * none yet. */
	int *kept_listen_fds;
	pid_t init_pid;
	pid_t payload_pid; /* on the host */
	int init_pidfd;
	int payload_pidfd;
	int listener_fd;
	struct notify *notify; /* owns the listener once the payload is sealed */
	bool adopted;          /* init may still speak of what a former supervisor had ordered */
	struct extras *extras; /* further processes, by processes/extra.c; NULL: there was none yet */
};

/** run_init() - an empty run: no descriptor, all else zero. */
void run_init(struct run *run);

/** run_release() - close what is open in the supervisor, but for what belongs to the service. */
void run_release(struct run *run);

enum { MOUNT_ROWS_MAX = 1024 };

/* One line of mountinfo (proc(5)). */
struct mount_row {
	char *target;
	char *options; /* per mount */
	char *fstype;
	char *super; /* per super block */
};

/* What the kernel says of the sealed payload, read once for all verify functions. */
struct evidence {
	pid_t payload_pid;
	struct proc_status payload, init;
	char uid_map[256], gid_map[256], setgroups[16];
	char limits[4096];
	char mountinfo[262144];
	struct mount_row mounts[MOUNT_ROWS_MAX];
	size_t n_mounts;
};
