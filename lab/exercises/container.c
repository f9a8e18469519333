/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/container.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/sys.h"
#include "lab/exercises/observe.h"
#include "lab/exercises/stage.h"

enum {
	OUTPUT_MAX = 256 * 1024,
	SAMPLE_MS = 4,
	LOOK_MS = 500, /* how long an answer may be ahead of kapsel's record */
	LIMIT_MS = 120000,
	STOP_MS = 15000, /* kapsel's own stop takes 10 s at most */
};

struct stream {
	int fd;
	char text[OUTPUT_MAX + 1];
	size_t used;
};

struct call {
	struct stage *stage;
	pid_t pid;
	int pidfd;
	struct stream out, err;
	struct observe *observe;
	struct result_run *run;
	struct arena *arena;
	uint64_t looking_since_ms, stop_at_ms; /* 0: not */
	int end;                               /* -EINTR, -ETIME */
};

_noreturn_ static void become_kapsel(const char *program, const struct container_call *wanted, int out,
				     int err)
{
	char *const argv[] = { (char[]){ "kapsel" }, strdup(wanted->verb), strdup(wanted->file), NULL };
	sigset_t none;

	sigemptyset(&none);
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0 ||
	    sigprocmask(SIG_SETMASK, &none, NULL) < 0 || !argv[1] || !argv[2])
		_exit(EXIT_LAUNCHER);
	execv(program, argv);
	_exit(EXIT_LAUNCHER);
}

static int start(struct call *call, const struct container_call *wanted, struct error *err)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&call->pidfd,
		.exit_signal = SIGCHLD,
	};
	_cleanup_fd_ int out = -1, messages = -1;
	int ends[2];

	/* pipe(7), O_DIRECT: each write is a message that fills a buffer of its own, and there is one. */
	if (pipe2(ends, O_CLOEXEC | O_DIRECT) < 0)
		return error_set(err, errno, "make a pipe");
	call->out.fd = ends[0];
	out = ends[1];
	if (fcntl(out, F_SETPIPE_SZ, 4096) < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "make a pipe");
	call->err.fd = ends[0];
	messages = ends[1];
	call->pid = sys_clone3(&args);
	if (call->pid == 0)
		become_kapsel(call->stage->kapsel, wanted, out, messages);
	if (call->pid < 0)
		return error_set(err, errno, "start %s", call->stage->kapsel);
	return 0;
}

/* Return: whether the stream is at its end. */
static bool take(struct stream *stream)
{
	char text[4096];
	ssize_t n = read(stream->fd, text, sizeof(text));
	size_t room = OUTPUT_MAX - stream->used;

	if (n < 0)
		return errno != EINTR && errno != EAGAIN;
	memcpy(stream->text + stream->used, text, (size_t)n < room ? (size_t)n : room);
	stream->used += (size_t)n < room ? (size_t)n : room;
	return n == 0;
}

/* The first answer is there, and whoever wrote it waits with its second one: look, then take it. */
static void take_answer(struct call *call)
{
	if (call->observe && !call->observe->looked) {
		uint64_t now = loop_now_ms();

		if (!call->looking_since_ms)
			call->looking_since_ms = now;
		if (now - call->looking_since_ms < LOOK_MS &&
		    observe_look(call->observe, call->arena, call->run) == -EAGAIN) {
			const struct timespec moment = { .tv_nsec = 1000000 };

			nanosleep(&moment, NULL);
			return;
		}
		call->observe->looked = true;
	}
	if (take(&call->out))
		fd_close(&call->out.fd);
}

static void stop(struct call *call, int reason)
{
	bool again = call->end != 0;

	if (!again)
		call->end = reason;
	syscall(SYS_pidfd_send_signal, call->pidfd, again ? SIGKILL : SIGTERM, NULL, 0);
	call->stop_at_ms = loop_now_ms() + STOP_MS;
}

/* One look at everything that can happen. Return: whether kapsel has ended. */
static bool step(struct call *call, int timeout_ms)
{
	struct sandbox *sandbox = call->stage->sandbox;
	struct pollfd polled[] = {
		{ .fd = call->pidfd, .events = POLLIN },
		{ .fd = call->out.fd, .events = POLLIN },
		{ .fd = call->err.fd, .events = POLLIN },
		{ .fd = call->end ? -1 : sandbox->signal_fd, .events = POLLIN },
	};

	if (poll(polled, ARRAY_SIZE(polled), timeout_ms) < 0)
		return false;
	if (call->observe)
		observe_sample(call->observe);
	/* A limit or the filter may end it before it has said a word. */
	if (call->observe && !call->observe->looked && !polled[1].revents)
		(void)!observe_look(call->observe, call->arena, call->run);
	if (polled[1].revents)
		take_answer(call);
	if (polled[2].revents && take(&call->err))
		fd_close(&call->err.fd);
	if (polled[3].revents) {
		sandbox_take_signal(sandbox);
		if (sandbox->interrupted)
			stop(call, -EINTR);
	}
	return polled[0].revents != 0;
}

/* Whatever is in the pipes when kapsel has ended is all; a hostile child can't keep us by keeping them open.
 */
static void drain(struct call *call)
{
	struct stream *const streams[] = { &call->out, &call->err };

	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		struct pollfd polled = { .fd = streams[i]->fd, .events = POLLIN };

		while (polled.fd >= 0 && poll(&polled, 1, 0) > 0 && !take(streams[i]))
			;
		fd_close(&streams[i]->fd);
	}
}

static int wait_for(struct call *call)
{
	uint64_t began_ms = loop_now_ms();
	int status = 0;

	while (!step(call, call->observe ? SAMPLE_MS : 100)) {
		uint64_t now = loop_now_ms();

		if (!call->end && now - began_ms > LIMIT_MS)
			stop(call, -ETIME);
		else if (call->end && now > call->stop_at_ms)
			stop(call, call->end);
	}
	while (waitpid(call->pid, &status, 0) < 0 && errno == EINTR)
		;
	drain(call);
	/* As process 1 we inherit what kapsel has left to end by itself. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return WIFSIGNALED(status) ? EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
}

static int finish(struct call *call, struct arena *arena, struct container_output *ret, struct error *err)
{
	ret->status = wait_for(call);
	ret->out = arena_memdup(arena, call->out.text, call->out.used);
	ret->err = arena_memdup(arena, call->err.text, call->err.used);
	if (!ret->out || !ret->err)
		return error_set(err, ENOMEM, "keep the output of kapsel");
	if (call->end == -EINTR)
		return error_set(err, EINTR, "run the lab: an end was asked for");
	if (call->end == -ETIME)
		return error_set(err, ETIME, "run a container of the lab for more than %d s",
				 LIMIT_MS / 1000);
	return 0;
}

int container_kapsel(struct stage *stage, const struct container_call *wanted, struct arena *arena,
		     struct container_output *ret, struct error *err)
{
	struct call *call = calloc(1, sizeof(*call)); /* too large for the stack */
	int r;

	if (!call)
		return error_set(err, ENOMEM, "start a container");
	*ret = (struct container_output){ .out = "", .err = "" };
	call->stage = stage;
	call->observe = wanted->observe;
	call->run = wanted->run;
	call->arena = arena;
	call->pidfd = call->out.fd = call->err.fd = -1;
	r = start(call, wanted, err);
	if (r == 0)
		r = finish(call, arena, ret, err);
	fd_close(&call->pidfd);
	fd_close(&call->out.fd);
	fd_close(&call->err.fd);
	free(call);
	return r;
}

const char *container_write(struct stage *stage, const char *name, const char *profile, struct arena *arena,
			    struct error *err)
{
	const char *path = arena_printf(arena, "%s/%s-%u.kapsel.jsonc", stage->sandbox->directory, name,
					++stage->n_files);
	_cleanup_fd_ int fd = -1;
	int r;

	if (path)
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : fd_write_all(fd, profile, strlen(profile));
	if (r == 0)
		return path;
	error_set(err, -r, "write the profile of a container");
	return NULL;
}
