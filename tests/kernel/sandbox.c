/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/kernel/sandbox.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/host.h"
#include "launcher/steps/procfs.h"
#include "launcher/steps/steps.h"

enum { HOST_ID = 0x30000000, INSIDE_ID = 65532 };

static const char *const directories[] = { "proc", "dev", "tmp", "run", "data" };

static int make_root(char path[64])
{
	snprintf(path, 64, "/tmp/kapsel-kernel-XXXXXX");
	if (!mkdtemp(path) || chmod(path, 0777) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		char name[96];

		snprintf(name, sizeof(name), "%s/%s", path, directories[i]);
		if (mkdir(name, 0777) < 0 || chmod(name, 0777) < 0)
			return -errno;
	}
	return 0;
}

static void remove_root(const char *path)
{
	char secrets[96];

	snprintf(secrets, sizeof(secrets), "%s/run/secrets", path);
	rmdir(secrets);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		char name[96];

		snprintf(name, sizeof(name), "%s/%s", path, directories[i]);
		rmdir(name);
	}
	/* A test that leaves something else in its root has broken out of it, or not cleaned up. */
	if (rmdir(path) < 0)
		fprintf(stderr, "rmdir %s: %s\n", path, strerror(errno));
}

static void fill(struct sandbox *sandbox, struct host *host)
{
	struct run *run = &sandbox->run;

	run_init(run);
	run->spec = &sandbox->spec;
	run->host = host;
	run->proof = &sandbox->proof;
	sandbox->proof.stray_fd = sandbox->proof.lo_flags = -1;
	sandbox->host = host;
	sandbox->spec = (struct spec){
		.name = "kernel-test",
		.rootfs = sandbox->root,
		.workdir = "/",
		.hostname = "inside",
		.umask = 0077,
		.user = { .uid = INSIDE_ID, .gid = INSIDE_ID, .host_id_auto = true, .host_range = 1 },
		.namespaces = SPEC_NS_ALL,
		.limits = { .open_files = 256, .file_size_bytes = 1 << 20, .stack_bytes = 8 << 20 },
	};
}

/* In the parent, which has the rights of the caller: one id, and setgroups closed before it. */
static int write_maps(pid_t pid, bool root)
{
	char path[64], map[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
	r = fd_write_file(AT_FDCWD, path, "deny");
	snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
	snprintf(map, sizeof(map), "%d %u 1\n", INSIDE_ID, root ? HOST_ID : getegid());
	if (r == 0)
		r = fd_write_file(AT_FDCWD, path, map);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	snprintf(map, sizeof(map), "%d %u 1\n", INSIDE_ID, root ? HOST_ID : geteuid());
	return r == 0 ? fd_write_file(AT_FDCWD, path, map) : r;
}

/* PID 1 of the sandbox's pid namespace. */
_noreturn_ static void child(sandbox_function *function, struct sandbox *sandbox, int out)
{
	struct error err = { 0 };
	struct mount_attr attr = { .propagation = MS_PRIVATE };
	int r = step_user_id.apply(&(struct step){ .type = &step_user_id, .spec = &sandbox->spec },
				   &sandbox->run, &err);

	if (r >= 0 && mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		r = error_set(&err, errno, "make the mounts private");
	if (r >= 0)
		r = function(sandbox, &err);
	if (r < 0 && err.code == 0)
		error_set(&err, -r, "the sandbox's function failed");
	_exit(write(out, &err, sizeof(err)) == (ssize_t)sizeof(err) ? 0 : 1);
}

_noreturn_ static void outer(sandbox_function *function, struct sandbox *sandbox, int go, int out)
{
	const int flags =
		CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
	char word = 'u';
	int status;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (unshare(flags) < 0)
		word = (char)(errno == EPERM || errno == ENOSPC ? 's' : 'f');
	if (write(out, &word, 1) != 1 || read(go, &word, 1) != 1)
		_exit(1);
	pid = fork();
	if (pid == 0)
		child(function, sandbox, out);
	waitpid(pid, &status, 0);
	_exit(0);
}

int sandbox_run(sandbox_function *function, struct error *err)
{
	static struct sandbox sandbox;
	static struct host host;
	int to[2], from[2], r = make_root(sandbox.root);
	struct error told = { .code = EPIPE, .msg = "the sandbox ended without a word" };
	char word = 'f';
	pid_t pid;

	cr_assert(r == 0 && pipe(to) == 0 && pipe(from) == 0 && host_probe(&host, err) == 0);
	fill(&sandbox, &host);
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0)
		outer(function, &sandbox, to[0], from[1]);
	close(from[1]);
	cr_assert(read(from[0], &word, 1) == 1);
	if (word != 'u') {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		remove_root(sandbox.root);
		cr_assert(word == 's', "unshare failed");
		cr_skip_test("this host does not allow user namespaces to this caller");
	}
	r = write_maps(pid, geteuid() == 0);
	if (r == 0 && write(to[1], "g", 1) == 1 && read(from[0], &told, sizeof(told)) < 0)
		r = -errno;
	kill(pid, r < 0 ? SIGKILL : 0);
	waitpid(pid, NULL, 0);
	close(from[0]), close(to[0]), close(to[1]);
	remove_root(sandbox.root);
	if (r < 0)
		return error_set(err, -r, "map the sandbox's ids");
	*err = told;
	return -told.code;
}

int sandbox_apply(struct sandbox *sandbox, const struct step_type *type, const void *arg, struct error *err)
{
	const struct step step = { .type = type, .spec = &sandbox->spec, .arg = arg };
	int r = type->prepare ? type->prepare(&step, &sandbox->run, err) : 0;

	if (r == 0 && type->acquire)
		r = type->acquire(&step, &sandbox->run, err);
	return r < 0 ? r : type->apply(&step, &sandbox->run, err);
}

int sandbox_build(struct sandbox *sandbox, struct error *err)
{
	int r = procfs_open(&sandbox->run, err);

	return r < 0 ? r : sandbox_apply(sandbox, &step_root_filesystem, NULL, err);
}
