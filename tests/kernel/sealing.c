/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last steps: descriptors, exec-once, Landlock, seccomp, and the sockets that are handed over. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "launcher/host.h"
#include "launcher/steps/procfs.h"
#include "launcher/steps/steps.h"
#include "tests/kernel/sandbox.h"

static int leak(struct sandbox *s, struct error *err)
{
	int leaked = open("/", O_PATH | O_DIRECTORY), r = procfs_open(&s->run, err);

	s->run.stdin_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	s->run.stdout_fd = s->run.stderr_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (r == 0 && (fcntl(leaked, F_GETFD) & FD_CLOEXEC))
		return error_set(err, EBADE, "the leaked descriptor would not survive execve anyway");
	if (r == 0)
		r = sandbox_apply(s, &step_descriptors, NULL, err);
	if (r == 0 &&
	    (!(fcntl(leaked, F_GETFD) & FD_CLOEXEC) || s->proof.open_fds != 3 || s->proof.stray_fd >= 0))
		return error_set(err, EBADE, "descriptor %d would reach the workload", leaked);
	return r;
}

/* Build up to the point where the payload would seal itself. */
static int before_seal(struct sandbox *s, struct error *err)
{
	int r = sandbox_build(s, err);

	if (r == 0)
		r = sandbox_apply(s, &step_dev, NULL, err);
	s->run.program_fd = open("/bin/sh", O_PATH | O_CLOEXEC);
	s->run.exec_fd = s->run.program_fd;
	if (r == 0)
		r = sandbox_apply(s, &step_pivot_root, NULL, err);
	return r == 0 ? sandbox_apply(s, &step_no_new_privs, NULL, err) : r;
}

static int landlock(struct sandbox *s, struct error *err)
{
	int r = before_seal(s, err), before, after;

	if (r < 0 || s->host->landlock_abi < 1)
		return r;
	before = open("/dev/full", O_WRONLY | O_CLOEXEC) < 0 ? errno : 0;
	r = sandbox_apply(s, &step_landlock, NULL, err);
	if (r < 0)
		return r;
	if (before != 0 || s->proof.landlock_open_before != 0 || s->proof.landlock_open_after != EACCES)
		return error_set(err, EBADE, "outside of the rules: %s before, %s after",
				 error_name(s->proof.landlock_open_before),
				 error_name(s->proof.landlock_open_after));
	after = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0 ? errno : 0;
	return after ? error_set(err, EBADE, "the own root can't be read: %s", error_name(after)) : 0;
}

static int seccomp(struct sandbox *s, struct error *err)
{
	static const char *const groups[] = { "@base", NULL };
	_cleanup_arena_ struct arena *arena = arena_new();
	long before = syscall(SYS_clone3, NULL, 0) < 0 ? errno : 0;
	int r;

	s->spec.syscalls = (struct spec_strings){ groups, 1 };
	s->spec.on_violation = SPEC_VIOLATION_ERRNO;
	s->host->seccomp_notify = false; /* nobody listens here: refusals are plain errnos */
	s->host->cache_dir[0] = '\0';
	s->run.arena = arena;
	s->run.exec_fd = 300;
	r = sandbox_apply(s, &step_no_new_privs, NULL, err);
	if (r == 0)
		r = sandbox_apply(s, &step_seccomp, NULL, err);
	if (r < 0)
		return r;
	if (before != EINVAL || s->proof.seccomp_clone3 != ENOSYS)
		return error_set(err, EBADE, "clone3: %s before, %s after", error_name((int)before),
				 error_name(s->proof.seccomp_clone3));
	if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM)
		return error_set(err, EBADE, "a socket could be opened");
	return syscall(SYS_ptrace, 0, 0, 0, 0) < 0 && errno == EPERM
		       ? 0
		       : error_set(err, EBADE, "ptrace is open");
}

static int exec_once(struct sandbox *s, struct error *err)
{
	int r;

	s->run.go[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	s->run.program_fd = open("/bin/sh", O_PATH | O_CLOEXEC);
	r = sandbox_apply(s, &step_exec_once, NULL, err);
	if (r == 0)
		r = sandbox_apply(s, &step_rlimits, NULL, err);
	if (r < 0)
		return r;
	/* The number holds the program and can't be had by the workload. */
	if (s->run.exec_fd < 256 || fcntl(s->run.exec_fd, F_GETFD) != FD_CLOEXEC)
		return error_set(err, EBADE, "the program is not on descriptor %d", s->run.exec_fd);
	return dup2(0, s->run.exec_fd) < 0 && errno == EBADF
		       ? 0
		       : error_set(err, EBADE, "descriptor %d is within the workload's reach",
				   s->run.exec_fd);
}

static int try_connect(const char *path)
{
	_cleanup_fd_ int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	return connect(sock, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

static int listening(struct sandbox *s, struct error *err)
{
	char path[96];
	struct spec_listen sockets[2] = { { .name = "a", .address = path, .fd = 3, .backlog = 5 },
					  { .name = "b", .address = path, .fd = 4, .backlog = 5 } };
	int r;

	snprintf(path, sizeof(path), "%s/tmp/socket", s->root);
	s->spec.listen = sockets;
	s->spec.n_listen = 1;
	if (try_connect(path) != ENOENT)
		return error_set(err, EBADE, "the socket is there already");
	r = sandbox_apply(s, &step_listen, NULL, err);
	if (r == 0 && (try_connect(path) != 0 || s->proof.listening != 1))
		r = error_set(err, EBADE, "nobody listens on %s", path);
	s->spec.n_listen = 2; /* the same address twice: the second one is refused */
	if (r == 0 && sandbox_apply(s, &step_listen, NULL, err) != -EADDRINUSE)
		r = error_set(err, EBADE, "an address in use was taken over");
	else if (r == 0)
		*err = (struct error){ 0 };
	unlink(path);
	return r;
}

SANDBOXED(descriptors, that_leak_are_closed_by_execve, leak)
SANDBOXED(landlock, refuses_what_no_rule_covers, landlock)
SANDBOXED(seccomp, refuses_what_the_groups_lack, seccomp)
SANDBOXED(exec_once, holds_the_program_above_the_limit, exec_once)
SANDBOXED(listen, binds_and_refuses_an_address_in_use, listening)
