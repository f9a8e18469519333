/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/processes/extra.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/loop.h"
#include "launcher/processes/extra_order.h"
#include "launcher/processes/extra_verify.h"
#include "launcher/processes/init_extra.h"
#include "launcher/processes/processes.h"
#include "launcher/run.h"
#include "profiles/spec.h"
#include "seccomp/notify.h"

enum extra_state {
	EXTRA_FREE,
	EXTRA_QUEUED,   /* another one starts */
	EXTRA_STARTING, /* ordered */
	EXTRA_SEALED,   /* verified, let go at its execveat */
	EXTRA_RUNNING,
};

/* After the payload's own refusals: these are the less urgent ones. */
enum { DENIED_ORDER = 6 };

struct extra {
	struct extras *all;
	enum extra_state state;
	uint32_t id;
	bool killed;
	pid_t pid;
	int pidfd;
	int gate;           /* write end: where execveat itself is not held */
	int fds[EXTRA_FDS]; /* -1 once they are init's */
	struct extra_order *order;
	struct notify *notify;
	int source;
	struct error failure;
	extra_ended *ended;
	void *arg;
};

struct extras {
	struct run *run;
	struct loop *loop;
	uint32_t last_id;
	void (*denied)(void *arg);
	void *denied_arg;
	struct extra items[EXTRA_MAX];
};

/* Return: false when init is gone, and with it everything. */
static bool order_kill(const struct run *run, uint32_t id)
{
	static struct extra_order order; /* large, and only its head is touched */

	order.type = MESSAGE_EXTRA_KILL;
	order.id = id;
	return fd_send(run->control[0], &order, offsetof(struct extra_order, text), NULL, 0) == 0;
}

/* A standby is forked before any of this is known; the page with the proofs it shares. */
static void carry(const struct run *run)
{
	run->proof->carried.host_id = run->host_id;
	run->proof->carried.host_range = run->host_range;
	run->proof->carried.exec_fd = run->exec_fd;
	run->proof->carried.exec_held = run->exec_held;
	run->proof->carried.listens = run->filter.notify;
}

static void take_carried(struct run *run)
{
	run->host_id = run->proof->carried.host_id;
	run->host_range = run->proof->carried.host_range;
	run->exec_fd = run->proof->carried.exec_fd;
	run->exec_held = run->proof->carried.exec_held;
	run->filter.notify = run->proof->carried.listens;
}

static struct extras *extras_of(struct run *run, struct error *err)
{
	if (run->extras)
		return run->extras;
	run->extras = calloc(1, sizeof(*run->extras));
	if (!run->extras) {
		error_set(err, ENOMEM, "keep book of further processes");
		return NULL;
	}
	run->extras->run = run;
	run->extras->last_id = (uint32_t)loop_now_ms();
	/* What a supervisor that was killed has started has nobody to answer for it, or to hear its end. The
	 * clock keeps its numbers from being given again. */
	if (run->adopted) {
		take_carried(run);
		order_kill(run, EXTRA_ALL);
	} else {
		carry(run);
	}
	return run->extras;
}

static void release(struct extra *extra)
{
	struct extras *all = extra->all;

	if (all && all->loop)
		loop_remove(all->loop, &extra->source);
	extra->notify = notify_free(extra->notify);
	fd_close(&extra->pidfd);
	fd_close(&extra->gate);
	for (size_t i = 0; i < EXTRA_FDS; i++)
		fd_close(&extra->fds[i]);
	free(extra->order);
	*extra = (struct extra){ .state = EXTRA_FREE };
}

/* The place is free before the caller hears of it: it may start the next one from there. */
static void finish(struct extra *extra, int wait_status)
{
	extra_ended *ended = extra->ended;
	void *arg = extra->arg;
	struct error failure = extra->failure;

	if (failure.code == 0 && extra->state != EXTRA_RUNNING)
		error_set(&failure, ECANCELED,
			  "start a further process: it was ended before it could execute");
	release(extra);
	ended(arg, wait_status, failure.code ? &failure : NULL);
}

static bool is_starting(const struct extras *all)
{
	for (size_t i = 0; i < EXTRA_MAX; i++)
		if (all->items[i].state == EXTRA_STARTING)
			return true;
	return false;
}

/* What the last start proved must not speak for the next one. */
static void forget_proofs(struct proof *proof)
{
	proof->landlock_open_before = proof->landlock_open_after = proof->landlock_abi = 0;
	proof->seccomp_clone3 = 0;
	proof->securebits = proof->dumpable = -1;
	proof->mdwe = 0;
	memset(proof->program, 0, sizeof(proof->program));
	memset(proof->held, 0, sizeof(proof->held));
	memset(proof->extra_namespaces, 0, sizeof(proof->extra_namespaces));
}

static int send_order(struct extra *extra, struct error *err)
{
	const struct run *run = extra->all->run;
	int r;

	forget_proofs(run->proof);
	extra->order->id = extra->id;
	r = fd_send(run->control[0], extra->order, offsetof(struct extra_order, text) + extra->order->size,
		    extra->fds, EXTRA_FDS);
	if (r < 0)
		return error_set(err, -r, "ask the container's init for a further process");
	extra->state = EXTRA_STARTING;
	for (size_t i = 0; i < EXTRA_FDS; i++)
		fd_close(&extra->fds[i]);
	free(extra->order);
	extra->order = NULL;
	return 0;
}

static void start_next(struct extras *all)
{
	while (!is_starting(all)) {
		struct extra *next = NULL;

		for (size_t i = 0; i < EXTRA_MAX; i++)
			if (all->items[i].state == EXTRA_QUEUED && (!next || all->items[i].id < next->id))
				next = &all->items[i];
		if (!next)
			return;
		if (next->killed || send_order(next, &next->failure) < 0)
			finish(next, EXIT_LAUNCHER << 8);
	}
}

static int prepare(struct extra *extra, const struct extra_request *request, struct error *err)
{
	int gate[2], r;

	extra->order = calloc(1, sizeof(*extra->order));
	if (!extra->order)
		return error_set(err, ENOMEM, "start a further process");
	r = extra_order_fill(extra->order, extra->all->run, request, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(request->fds); i++) {
		extra->fds[i] = fcntl(request->fds[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (extra->fds[i] < 0)
			return error_set(err, errno, "hand stdin, stdout and stderr to a further process");
	}
	if (pipe2(gate, O_CLOEXEC) < 0)
		return error_set(err, errno, "create the pipe to a further process");
	extra->fds[EXTRA_GATE] = gate[0];
	extra->gate = gate[1];
	return 0;
}

/* The last place is only for urgent ones. */
static struct extra *find_place(struct extras *all, bool urgent)
{
	for (size_t i = 0; i < EXTRA_MAX; i++) {
		size_t at = urgent ? EXTRA_MAX - 1 - i : i;

		if (all->items[at].state == EXTRA_FREE && (urgent || at < EXTRA_MAX - 1))
			return &all->items[at];
	}
	return NULL;
}

int extra_start(struct run *run, struct loop *loop, const struct extra_request *request, extra_ended *ended,
		void *arg, struct extra **ret, struct error *err)
{
	struct extras *all = extras_of(run, err);
	struct extra *extra;
	int r;

	if (!all)
		return -ENOMEM;
	r = extra_order_check(run, request, err);
	if (r < 0)
		return r;
	extra = find_place(all, request->urgent);
	if (!extra) {
		error_set(err, EBUSY, "start %s in the container: %d further processes run already",
			  request->argv[0], EXTRA_MAX - 1);
		return error_remedy(err, "try again when one of them has ended");
	}
	all->loop = loop;
	*extra = (struct extra){ .all = all,
				 .state = EXTRA_QUEUED,
				 .id = ++all->last_id,
				 .pidfd = -1,
				 .gate = -1,
				 .fds = { -1, -1, -1, -1 },
				 .source = -1,
				 .ended = ended,
				 .arg = arg };
	r = prepare(extra, request, err);
	if (r == 0 && !is_starting(all))
		r = send_order(extra, err);
	if (r < 0)
		release(extra);
	else
		*ret = extra;
	return r;
}

/* Its refused calls, and before them its own execveat, which is let through once. */
static int on_notify(void *arg, short revents, struct error *err)
{
	struct extra *extra = arg;
	struct extras *all = extra->all;
	struct error ignored;
	int r;

	(void)err;
	if (!(revents & POLLIN)) {
		loop_remove(all->loop, &extra->source);
		return 0;
	}
	r = notify_handle(extra->notify, &ignored);
	if (r == NOTIFY_EXEC_WAITS && !extra->killed &&
	    notify_release_exec(extra->notify, &extra->failure) == 1)
		extra->state = EXTRA_RUNNING;
	if (r == NOTIFY_EXEC_WAITS && extra->failure.code)
		extra_kill(extra);
	if (r == NOTIFY_ANSWERED && all->denied)
		all->denied(all->denied_arg);
	return 0;
}

static int listen_to(struct extra *extra, int *listener, struct error *err)
{
	struct extras *all = extra->all;

	extra->notify = notify_new(take_fd(listener), all->run->spec, err);
	if (!extra->notify)
		return -err->code;
	if (all->run->notify)
		notify_count_in(extra->notify, all->run->notify);
	extra->source = loop_add(all->loop, notify_fd(extra->notify), POLLIN, DENIED_ORDER, on_notify, extra);
	return extra->source < 0 ? error_set(err, -extra->source, "listen to a further process") : 0;
}

/* It waits before its execveat: look, then let it go. */
static int check_and_release(struct extra *extra, int exec_fd, int *fds, struct error *err)
{
	struct run *run = extra->all->run;
	int r;

	extra->pidfd = take_fd(&fds[0]);
	extra->pid = proc_pidfd_pid(extra->pidfd);
	if (extra->pid < 0)
		return error_set(err, ESRCH, "verify a further process: it ended before");
	if (run->filter.notify) {
		r = listen_to(extra, &fds[1], err);
		if (r < 0)
			return r;
	}
	r = extra_verify(run, extra->pidfd, err);
	if (r < 0)
		return r;
	if (extra->killed)
		return error_set(err, ECANCELED,
				 "start a further process: it was ended before it could execute");
	if (run->exec_held) {
		extra->state = EXTRA_SEALED;
		notify_expect_exec(extra->notify, extra->pid, exec_fd);
		return 0;
	}
	if (write(extra->gate, "x", 1) != 1)
		return error_set(err, errno, "let a further process go");
	extra->state = EXTRA_RUNNING;
	return 0;
}

static struct extra *find(struct extras *all, uint32_t id)
{
	for (size_t i = 0; all && i < EXTRA_MAX; i++)
		if (all->items[i].state > EXTRA_QUEUED && all->items[i].id == id)
			return &all->items[i];
	return NULL;
}

int extra_message(struct run *run, const struct message *message, int *fds, size_t n_fds, struct error *err)
{
	struct extras *all = run->extras;
	struct extra *extra = find(all, message->id);
	int r = 0;

	if (!extra && !run->adopted) /* else it is of the supervisor before this one */
		r = error_set(err, EPROTO, "understand init: it speaks of a process that was not asked for");
	else if (!extra)
		r = 0;
	else if (message->type == MESSAGE_EXTRA_SEALED && extra->state == EXTRA_STARTING && n_fds >= 2 &&
		 fds[1] >= 0) {
		extra->state = EXTRA_SEALED;
		if (check_and_release(extra, message->exec_fd, fds, &extra->failure) < 0)
			extra_kill(extra);
	} else if (message->type == MESSAGE_EXTRA_FAILED) {
		if (extra->failure.code == 0)
			(void)wire_take(&message->error, &extra->failure);
	} else if (message->type == MESSAGE_EXTRA_ENDED) {
		finish(extra, message->status);
	} else {
		r = error_set(err, EPROTO, "understand init: a message about a further process");
	}
	for (size_t i = 0; i < n_fds; i++)
		fd_close(&fds[i]);
	/* A callback may have ended the run. */
	if (run->extras)
		start_next(run->extras);
	return r;
}

pid_t extra_pid(const struct extra *extra)
{
	return extra->pid > 0 ? extra->pid : 0;
}

void extra_kill(struct extra *extra)
{
	extra->killed = true;
	if (extra->state == EXTRA_QUEUED)
		return; /* it ends when its turn comes */
	/* From inside the whole group; from outside also what has changed its user id. */
	if (order_kill(extra->all->run, extra->id) && extra->pidfd >= 0)
		pidfd_send_signal(extra->pidfd, SIGKILL, NULL, 0);
}

void extra_signal(struct extra *extra, int signal)
{
	if (extra->state == EXTRA_RUNNING)
		pidfd_send_signal(extra->pidfd, signal, NULL, 0);
}

int extra_denied(struct run *run, void (*denied)(void *arg), void *arg)
{
	struct extras *all = extras_of(run, NULL);

	if (!all)
		return -ENOMEM;
	all->denied = denied;
	all->denied_arg = arg;
	return 0;
}

void extra_end_all(struct run *run, struct loop *loop)
{
	struct extras *all = run->extras;

	run->extras = NULL;
	if (!all)
		return;
	all->loop = loop;
	for (size_t i = 0; i < EXTRA_MAX; i++) {
		struct extra *extra = &all->items[i];

		if (extra->state == EXTRA_FREE)
			continue;
		if (extra->failure.code == 0)
			error_set(&extra->failure, ECHILD, "wait for the process: the container has ended");
		finish(extra, SIGKILL);
	}
	free(all);
}
