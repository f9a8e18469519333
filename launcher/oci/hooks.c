/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "launcher/processes/signals.h"

#ifndef MFD_NOEXEC_SEAL /* 6.3 */
#define MFD_NOEXEC_SEAL 0x0008U
#endif

static const char *const kind_names[OCI_HOOK_KINDS] = {
	[OCI_HOOK_PRESTART] = "prestart",
	[OCI_HOOK_CREATE_RUNTIME] = "createRuntime",
	[OCI_HOOK_CREATE_CONTAINER] = "createContainer",
	[OCI_HOOK_START_CONTAINER] = "startContainer",
	[OCI_HOOK_POSTSTART] = "poststart",
	[OCI_HOOK_POSTSTOP] = "poststop",
};

/* What went wrong in the child before it became the hook. */
struct spawn_failure {
	int errnum;
	enum { SPAWN_STDIN, SPAWN_CWD, SPAWN_EXEC } what;
};

/* One running hook. */
struct running {
	pid_t pid;
	int pidfd;
	int failure_fd; /* closed by a successful exec */
};

const char *oci_hook_kind_name(enum oci_hook_kind kind)
{
	return kind < OCI_HOOK_KINDS ? kind_names[kind] : "?";
}

/*
 * stdin is a memfd, not a pipe: a hook that reads nothing can't block us or kill us with SIGPIPE,
 * however long the state is. Each gets its own, for the offset is shared by all copies.
 */
static int make_stdin(const char *state_json)
{
	_cleanup_fd_ int fd = (int)syscall(SYS_memfd_create, "state.json",
					   MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	int r;

	if (fd < 0 && errno == EINVAL)
		fd = (int)syscall(SYS_memfd_create, "state.json", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, state_json, strlen(state_json));
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;
	return take_fd(&fd);
}

/* In the child, a copy of us that shares no memory: system calls only. */
_noreturn_ static void become_hook(const struct oci_hook *hook, int stdin_fd, int cwd_fd, int failure_fd)
{
	static char *const nothing[] = { NULL };
	char *const alone[] = { (char *)(uintptr_t)hook->path, NULL };
	char *const *argv = hook->args.n > 0 ? (char *const *)(uintptr_t)hook->args.items : alone;
	char *const *envp = hook->env.n > 0 ? (char *const *)(uintptr_t)hook->env.items : nothing;
	struct spawn_failure failure = { .what = SPAWN_STDIN };

	/* A group of its own, so that a timeout ends what it started, too. */
	setpgid(0, 0);
	/* An ignored signal outlives execve, and so does a blocked one. */
	signals_reset();
	if ((stdin_fd == STDIN_FILENO ? fcntl(stdin_fd, F_SETFD, 0) : dup2(stdin_fd, STDIN_FILENO)) < 0)
		goto failed;
	failure.what = SPAWN_CWD;
	if (cwd_fd >= 0 && fchdir(cwd_fd) < 0)
		goto failed;
	failure.what = SPAWN_EXEC;
	/* Also what the caller left open without O_CLOEXEC: a hook inherits no key to anything. */
	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		goto failed;
	execve(hook->path, argv, envp);
failed:
	failure.errnum = errno;
	if (write(failure_fd, &failure, sizeof(failure)) < 0)
		_exit(126); /* nobody is there to hear it */
	_exit(127);
}

static int spawn(const struct oci_hook *hook, int stdin_fd, int cwd_fd, struct running *ret)
{
	struct clone_args args = { 0 };
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	/* VFORK: when clone3 returns here, the child is the hook, or has failed. Memory isn't shared. */
	args.flags = CLONE_PIDFD | CLONE_VFORK;
	args.pidfd = (uint64_t)(uintptr_t)&ret->pidfd;
	args.exit_signal = SIGCHLD;
	ret->pid = sys_clone3(&args);
	if (ret->pid == 0)
		become_hook(hook, stdin_fd, cwd_fd, pipe_fds[1]);
	if (ret->pid < 0) {
		int saved = errno;

		close(pipe_fds[0]);
		close(pipe_fds[1]);
		return -saved;
	}
	close(pipe_fds[1]);
	ret->failure_fd = pipe_fds[0];
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Return: 1 when the hook has ended, 0 after the timeout, -errno. */
static int wait_end(int pidfd, unsigned int timeout_s)
{
	struct pollfd item = { .fd = pidfd, .events = POLLIN };
	int64_t end = now_ms() + (int64_t)timeout_s * 1000;

	for (;;) {
		int64_t left = timeout_s == 0 ? -1 : end - now_ms();
		int r;

		if (timeout_s > 0 && left <= 0)
			return 0;
		r = poll(&item, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		if (r > 0)
			return 1;
		if (r < 0 && errno != EINTR)
			return -errno;
	}
}

static int describe_end(const siginfo_t *info, const char *kind, const struct oci_hook *hook,
			struct error *err)
{
	if (info->si_code == CLD_EXITED && info->si_status == 0)
		return 0;
	if (info->si_code == CLD_EXITED)
		return error_set(err, ECANCELED, "%s hook %s: exited with status %d", kind, hook->path,
				 info->si_status);
	return error_set(err, ECANCELED, "%s hook %s: killed by signal %d", kind, hook->path,
			 info->si_status);
}

static int describe_spawn(const struct spawn_failure *failure, const char *kind, const struct oci_hook *hook,
			  struct error *err)
{
	static const char *const verbs[] = {
		[SPAWN_STDIN] = "give it the state",
		[SPAWN_CWD] = "enter the bundle's directory",
		[SPAWN_EXEC] = "execute it",
	};

	return error_set(err, failure->errnum, "%s hook %s: %s", kind, hook->path, verbs[failure->what]);
}

static int finish(const struct running *running, const char *kind, const struct oci_hook *hook,
		  struct error *err)
{
	struct spawn_failure failure;
	siginfo_t info = { 0 };
	bool failed = read(running->failure_fd, &failure, sizeof(failure)) == (ssize_t)sizeof(failure);
	int r, in_time = wait_end(running->pidfd, hook->timeout_s);

	/* The number is still the hook's: it is not waited for yet. It may have left its group. */
	if (in_time <= 0) {
		kill(-running->pid, SIGKILL);
		kill(running->pid, SIGKILL);
	}
	do
		r = waitid(P_PIDFD, (id_t)running->pidfd, &info, WEXITED);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return error_set(err, errno, "%s hook %s: wait for its end", kind, hook->path);
	if (failed)
		return describe_spawn(&failure, kind, hook, err);
	if (in_time < 0)
		return error_set(err, -in_time, "%s hook %s: wait for its end", kind, hook->path);
	if (in_time == 0)
		return error_set(err, ETIMEDOUT, "%s hook %s: killed after its timeout of %u s", kind,
				 hook->path, hook->timeout_s);
	return describe_end(&info, kind, hook, err);
}

static int run_hook(const struct oci_hook *hook, const char *kind, const char *state_json, int cwd_fd,
		    struct error *err)
{
	struct running running = { .pidfd = -1, .failure_fd = -1 };
	_cleanup_fd_ int stdin_fd = make_stdin(state_json);
	int r;

	if (stdin_fd < 0)
		return error_set(err, -stdin_fd, "%s hook %s: make its stdin", kind, hook->path);
	r = spawn(hook, stdin_fd, cwd_fd, &running);
	if (r < 0)
		return error_set(err, -r, "%s hook %s: make a process for it", kind, hook->path);
	r = finish(&running, kind, hook, err);
	close(running.pidfd);
	close(running.failure_fd);
	return r;
}

int oci_hooks_run(const struct oci *oci, enum oci_hook_kind kind, const char *state_json, int cwd_fd,
		  struct error *err)
{
	const struct oci_hook_list *list = &oci->hooks[kind];

	for (size_t i = 0; i < list->n; i++) {
		int r = run_hook(&list->items[i], oci_hook_kind_name(kind), state_json, cwd_fd, err);

		if (r < 0)
			return r;
	}
	return 0;
}
