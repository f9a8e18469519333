/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is known of an OCI container between two calls of the runtime: <root>/<id>/state.json,
 * beside a copy of the config.json it was created with. Every call stands alone: the flags of
 * create may be missing from later calls, so all that they decided is written down.
 *
 * A pid is only believed together with its start time (proc(5), field 22): pids are reused.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"
#include "cgroups/container.h"
#include "profiles/oci/oci.h"

struct arena;
struct error;

enum oci_status {
	OCI_STATUS_CREATING,
	OCI_STATUS_CREATED,
	OCI_STATUS_RUNNING,
	OCI_STATUS_PAUSED,
	OCI_STATUS_STOPPED,
};

/* The directory with all containers, and that of one. */
struct oci_state_root {
	const char *path; /* absolute */
	bool given;       /* --root was given: it must exist for list */
};

/* The copy of the config in a container's directory: poststop hooks are taken from it. */
#define OCI_STATE_CONFIG "config.json"

struct oci_state {
	const char *id;
	const char *bundle, *rootfs; /* absolute */
	const char *created;         /* RFC 3339 with nanoseconds, UTC */
	const char *oci_version;
	const char *owner; /* user name of the creator, or its uid in digits */
	struct spec_pairs annotations;
	pid_t pid;           /* the container's first process; 0: none was made yet */
	uint64_t start_time; /* of that pid, clock ticks after boot */
	struct cgroup_container cgroup;
	bool rootless;    /* made by a caller who is not root of the initial user namespace */
	bool has_seccomp; /* its config has a filter: start looks whether it is there */
	bool start_reads; /* start needs the config: poststart hooks, or a seccomp agent */
	bool creating;    /* create is still at work: hooks of it may run */
	bool started;     /* start was called and succeeded */
	bool no_pivot, no_new_keyring;
	const char *rdt_group;             /* directory below /sys/fs/resctrl that we made; NULL: none */
	const char *notify_socket;         /* of the host; NULL: none */
	uint64_t namespaces[OCI_NS_TYPES]; /* inode numbers by enum oci_namespace_type, 0: unknown */
};

/**
 * oci_state_open_root() - open the directory for state, which nobody else may be able to put anything into
 *
 * What stands in the state is believed by all later calls, with the caller's rights. A link to it must be the
 * caller's or root's, in a directory where nobody else can exchange it. Return: its fd, -EPERM or -errno.
 */
int oci_state_open_root(const struct oci_state_root *root, struct error *err);

/** oci_status_name() - Return: "created", "running", … */
const char *oci_status_name(enum oci_status status);

/** oci_state_check_id() - 0, or -EINVAL with *err: [A-Za-z0-9_+.][A-Za-z0-9_+.-]{0,254}, not "." or "..". */
int oci_state_check_id(const char *id, struct error *err);

/**
 * oci_state_default_root() - "/run/kapsel-oci", or "$XDG_RUNTIME_DIR/kapsel-oci" for a rootless caller
 *
 * Without XDG_RUNTIME_DIR: "/run/user/<uid>/kapsel-oci" if that is the caller's own; for uid 0 of a user
 * namespace "/run/kapsel-oci". Return: a string of @arena, or NULL with *err filled.
 */
const char *oci_state_default_root(struct arena *arena, bool rootless, struct error *err);

/**
 * oci_state_create() - make <root>/<id>, locked
 *
 * Makes the root, too. The directory (mode 0700) is the claim on the id. Whoever creates writes state.json
 * with the cgroup at once, before it makes anything else: what a killed create leaves is found through it.
 * Return: its fd (O_CLOEXEC), -EEXIST with "container with given ID already exists", or -errno.
 */
int oci_state_create(const struct oci_state_root *root, const char *id, struct error *err);

/**
 * oci_state_open() - open <root>/<id>
 *
 * Return: its fd, or -ENOENT with "container does not exist", or -errno.
 */
int oci_state_open(const struct oci_state_root *root, const char *id, struct error *err);

/**
 * oci_state_lock() - one verb at a time changes a container: flock(2) on the directory
 *
 * Waits for another verb for at most OCI_STATE_LOCK_MS. The lock belongs to the open file description: it
 * goes with the last copy of the descriptor, so a child that outlives the verb must close its copy. Return:
 * 0, -EBUSY after that time, -ENOENT when the container was deleted meanwhile, -errno.
 */
int oci_state_lock(int dir_fd, struct error *err);

enum { OCI_STATE_LOCK_MS = 10000 };

/** oci_state_unlock() - let others in before the descriptor is closed: for a run in the foreground. */
void oci_state_unlock(int dir_fd);

/** oci_state_write() - state.json, whole or not at all (a temporary name, then rename). 0 or -errno. */
int oci_state_write(int dir_fd, const struct oci_state *state, struct error *err);

/** oci_state_read() - parse state.json of an open directory. 0, -ENODATA when there is none yet, or -errno.
 */
int oci_state_read(int dir_fd, struct arena *arena, struct oci_state *ret, struct error *err);

/** oci_state_status() - ask the kernel: is the process there with that start time, is the cgroup frozen. */
enum oci_status oci_state_status(const struct oci_state *state);

/** oci_state_pidfd() - Return: a pidfd of the container's process, -ESRCH if it is gone or another, -errno.
 */
int oci_state_pidfd(const struct oci_state *state);

/** oci_state_start_time() - field 22 of /proc/<pid>/stat; 0 when there is no such process, or a zombie. */
uint64_t oci_state_start_time(pid_t pid);

/** oci_state_start_time_parse() - the same from the text of a stat file. */
uint64_t oci_state_start_time_parse(const char *text);

/** oci_state_remove() - remove <root>/<id> with all in it; links are removed, not followed. 0 or -errno. */
int oci_state_remove(const struct oci_state_root *root, const char *id, struct error *err);

/** oci_state_json() - the object that `state` prints and hooks get on stdin; one line of @arena, or NULL. */
char *oci_state_json(const struct oci_state *state, enum oci_status status, struct arena *arena);
