/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scratch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"

const char *scratch_path(const struct scratch *scratch, const char *below)
{
	static char path[3 * CGROUP_PATH_MAX];

	snprintf(path, sizeof(path), "%s%s/%s", scratch->place.mount, scratch->place.parent, below);
	return path;
}

void scratch_init(struct scratch *scratch, unsigned int controllers)
{
	struct error err = { 0 };
	struct cgroup_place *place = &scratch->place;
	size_t length;

	scratch->fd = scratch->parent_fd = -1;
	cr_assert(zero(int, cgroup_place_find(place, &err)), "%s", err.msg);
	if (!place->found)
		cr_skip_test("no cgroup can be made here: %s", place->reason);
	if (controllers & ~place->available)
		cr_skip_test("no such controller here: %s", place->reason);
	length = place->top[1] ? strlen(place->top) : 0;
	snprintf(place->parent, sizeof(place->parent), "%s", place->top);
	snprintf(place->parent + length, sizeof(place->parent) - length, "/kapsel-test-%d", getpid());
}

void scratch_create(struct scratch *scratch, unsigned int controllers)
{
	struct error err = { 0 };
	int r = cgroup_create(&scratch->place, "box", controllers, &scratch->fd, &scratch->parent_fd, &err);

	/* The tests run side by side, so none of them can step aside alone. */
	if (r == -EBUSY && controllers != 0)
		cr_skip_test("these tests share the group: %s", err.msg);
	cr_assert(zero(int, r), "%s; %s", err.msg, err.remedy);
}

void scratch_finish(struct scratch *scratch)
{
	struct stat st;

	if (scratch->fd >= 0) {
		cgroup_kill(scratch->fd);
		cr_expect(zero(int, cgroup_remove(scratch->parent_fd, "box")));
	}
	fd_close(&scratch->fd);
	fd_close(&scratch->parent_fd);
	rmdir(scratch_path(scratch, ""));
	cr_expect(ne(int, stat(scratch_path(scratch, ""), &st), 0), "%s is left over",
		  scratch_path(scratch, ""));
}

pid_t scratch_spawn(int fd, int (*body)(void *), void *arg)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid;

	if (fd >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)fd;
	}
	pid = sys_clone3(&args);
	if (pid == 0)
		_exit(body(arg));
	return pid;
}

int scratch_wait(pid_t pid)
{
	int status;

	if (pid <= 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int scratch_sleep(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}
