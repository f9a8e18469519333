/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The launcher is a static program and sd-bus is a dynamic library, so a small program beside it,
 * kapsel-systemd, speaks to systemd: it is run once a call, only where the manager is systemd, and
 * gets nothing of the launcher's but a request (systemd_request.h).
 */
#include "cgroups/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/program.h"
#include "base/str.h"
#include "cgroups/mounts.h"
#include "cgroups/resources.h"
#include "cgroups/systemd_properties.h"
#include "cgroups/systemd_request.h"

#define HELPER "kapsel-systemd"

enum { REPLY_MAX = 2048 };

static void begin(struct systemd_request *request, const char *verb, const struct cgroup_container *group)
{
	systemd_request_add(request, SYSTEMD_REQUEST_VERSION);
	systemd_request_add(request, verb);
	systemd_request_add(request, group->user_manager ? "user" : "system");
	systemd_request_add(request, group->unit);
}

/* --- running the helper ------------------------------------------------------ */

static int request_file(const struct systemd_request *request, struct error *err)
{
	_cleanup_fd_ int fd = memfd_create("systemd-request", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return error_set(err, errno, "make a file for the request to %s", HELPER);
	r = fd_write_all(fd, request->text, request->length);
	if (r < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return error_set(err, r < 0 ? -r : errno, "write the request to %s", HELPER);
	return take_fd(&fd);
}

/* Only where the bus is: no LD_PRELOAD of a caller, nothing that an engine left in there. */
static void pick_environment(char *ret[static 4])
{
	static const char *const wanted[] = { "DBUS_SESSION_BUS_ADDRESS=", "DBUS_SYSTEM_BUS_ADDRESS=",
					      "XDG_RUNTIME_DIR=" };
	size_t n = 0;

	for (char **entry = environ; entry && *entry; entry++)
		for (size_t i = 0; i < ARRAY_SIZE(wanted) && n < ARRAY_SIZE(wanted); i++)
			if (str_starts(*entry, wanted[i]))
				ret[n++] = *entry;
	ret[n] = NULL;
}

/* Where the caller had 0, 1 or 2 closed, ours may have got these numbers, which the helper's dup2() takes. */
static int move_up(int *fd)
{
	int up;

	if (*fd > 2)
		return 0;
	up = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	if (up < 0)
		return -errno;
	fd_close(fd);
	*fd = up;
	return 0;
}

/*
 * Descriptors above 2 may be meant for the container (--preserve-fds) and are not O_CLOEXEC: they
 * are closed. Signals are as at boot, for the launcher blocks what it reads from a signalfd.
 */
static int spawn(const char *path, int in, int out, pid_t *ret)
{
	char *argv[] = { (char[]){ HELPER }, NULL }, *environment[4];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	pick_environment(environment);
	r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	r = posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, out, 1);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, out, 2);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	if (r == 0)
		r = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (r == 0)
		r = posix_spawnattr_setsigmask(&attr, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(&attr, &all);
	if (r == 0)
		r = posix_spawn(ret, path, &actions, &attr, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return -r;
}

static ssize_t read_reply(int fd, char reply[static REPLY_MAX])
{
	size_t length = 0;

	while (length + 1 < REPLY_MAX) {
		ssize_t got = read(fd, reply + length, REPLY_MAX - 1 - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	reply[length] = '\0';
	return (ssize_t)length;
}

/* "0", or errno, message and remedy; anything else is the dynamic linker's complaint or a crash. */
static int parse_reply(char *reply, struct error *err)
{
	char *code = strsep(&reply, "\n"), *message = strsep(&reply, "\n"), *remedy = strsep(&reply, "\n");
	uint32_t number;

	if (str_to_u32(code, &number) < 0 || !message || number > INT_MAX)
		return error_set(err, EPROTO, "%s gave no answer: \"%.300s\"", HELPER, code);
	if (number == 0)
		return 0;
	error_set(err, (int)number, "%s", message);
	if (remedy && *remedy)
		return error_remedy(err, "%s", remedy);
	return -(int)number;
}

static int run_helper(const struct systemd_request *request, struct error *err)
{
	_cleanup_fd_ int in = -1, reader = -1, writer = -1;
	char path[PATH_MAX], reply[REPLY_MAX];
	ssize_t got;
	int ends[2], r;
	pid_t pid;

	if (request->failed)
		return error_set(err, ENOMEM, "put the request to %s together", HELPER);
	if (program_helper(HELPER, KAPSEL_LIBEXEC_DIR, path, sizeof(path), err) < 0)
		return error_remedy(err, "install kapsel's systemd helper, or use the cgroupfs manager");
	in = request_file(request, err);
	if (in < 0)
		return in;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "make a pipe");
	reader = ends[0];
	writer = ends[1];
	r = move_up(&in);
	if (r == 0)
		r = move_up(&writer);
	if (r == 0)
		r = spawn(path, in, writer, &pid);
	if (r < 0)
		return error_set(err, -r, "start %s", path);
	fd_close(&writer);
	got = read_reply(reader, reply);
	fd_close(&reader); /* or who says more than an answer would write, and we wait, for ever */
	/* Where SIGCHLD is ignored there is nothing to wait for: the reply says it all. */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (got < 0)
		return error_set(err, (int)-got, "read the answer of %s", HELPER);
	return parse_reply(reply, err);
}

/* --- the verbs --------------------------------------------------------------- */

/* Where the process is now, as the cgroup2 mount that we see shows it. */
static int find_path(struct cgroup_container *group, pid_t pid, struct error *err)
{
	char file[64], text[4096];
	struct mounts mounts;
	struct mounts_own own;
	const char *base;
	size_t use = 0;
	ssize_t got;
	int r;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	got = fd_read_file(AT_FDCWD, file, text, sizeof(text));
	if (got < 0)
		return error_set(err, (int)-got, "read the cgroup of process %d", (int)pid);
	r = mounts_parse_own(text, &own);
	if (r == 0)
		r = mounts_read(&mounts);
	if (r < 0)
		return error_set(err, -r, "read the cgroup of process %d", (int)pid);
	base = own.v2 ? strrchr(own.path, '/') : NULL;
	if (!base || !str_equal(base + 1, group->unit))
		return error_set(err, EBADE, "systemd put process %d into %s instead of %s", (int)pid,
				 own.v2 ? own.path : "no cgroup of version 2", group->unit);
	if (mounts.n_v2 == 0)
		return error_set(err, EOPNOTSUPP, "no cgroup2 file system is mounted");
	for (size_t i = 0; i < mounts.n_v2; i++)
		if (str_equal(mounts.v2[i].path, group->mount))
			use = i;
	r = mounts_below(mounts.v2[use].root, own.path, group->path);
	if (r < 0)
		return error_set(err, -r, "reach %s through %s", own.path, mounts.v2[use].path);
	strcpy(group->mount, mounts.v2[use].path);
	return 0;
}

static int check_unit(const struct cgroup_container *group, struct error *err)
{
	size_t length = strlen(group->unit), suffix = strlen(".scope");

	if (length <= suffix || !str_equal(group->unit + length - suffix, ".scope") ||
	    strchr(group->unit, '/'))
		return error_set(err, EINVAL, "\"%s\" can't be the name of a systemd scope", group->unit);
	return 0;
}

static int start(struct cgroup_container *group, pid_t pid, const struct oci_resources *resources,
		 const struct spec_pairs *annotations, struct error *err)
{
	_cleanup_request_ struct systemd_request request = { 0 };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct resources_plan plan = { .arena = arena, .fd = -1 };
	int r = check_unit(group, err);

	if (r == 0 && !arena)
		r = error_set(err, ENOMEM, "put the properties of %s together", group->unit);
	if (r == 0)
		r = resources_build(&plan, resources, err);
	if (r < 0)
		return r;
	begin(&request, "start", group);
	r = systemd_properties_scope(group, pid, &plan, annotations, &request, err);
	if (r == 0)
		r = run_helper(&request, err);
	if (r < 0)
		return r;
	r = find_path(group, pid, err);
	if (r < 0) {
		int stopped = systemd_scope_stop(group, NULL);

		(void)stopped; /* the first error is the one to tell */
	}
	return r;
}

int systemd_scope_start(struct cgroup_container *group, pid_t pid, const struct oci_resources *resources,
			const struct spec_pairs *annotations, struct error *err)
{
	int r = start(group, pid, resources, annotations, err);

	/*
	 * The scope of that name may be another container's, and who cleans up after us kills what is
	 * in the group: it must not find a name.
	 */
	if (r < 0)
		group->unit[0] = group->path[0] = '\0';
	return r;
}

int systemd_scope_update(const struct cgroup_container *group, const struct oci_resources *resources,
			 struct error *err)
{
	_cleanup_request_ struct systemd_request request = { 0 };
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_fd_ int fd = cgroup_container_open(group);
	struct resources_plan plan = { .arena = arena, .fd = fd };
	size_t length;
	int r = check_unit(group, err);

	if (r == 0 && fd < 0)
		r = error_set(err, -fd, "open the cgroup of %s", group->unit);
	if (r == 0 && !arena)
		r = error_set(err, ENOMEM, "put the properties of %s together", group->unit);
	if (r == 0)
		r = resources_build(&plan, resources, err);
	if (r < 0)
		return r;
	begin(&request, "update", group);
	length = request.length;
	r = systemd_properties_limits(&plan, &request, err);
	/* Nothing of what is given is a property: nothing to say. */
	if (r < 0 || request.length == length)
		return r;
	return run_helper(&request, err);
}

int systemd_scope_stop(const struct cgroup_container *group, struct error *err)
{
	_cleanup_request_ struct systemd_request request = { 0 };
	int r;

	if (!group->unit[0])
		return 0;
	r = check_unit(group, err);
	if (r < 0)
		return r;
	begin(&request, "stop", group);
	return run_helper(&request, err);
}
