/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A further process is made as the payload was: a copy of init, which already has its ids, capabilities,
 * limits and no_new_privs, shares init's descriptors until its seccomp listener is handed over, puts
 * Landlock and seccomp on itself, and waits for the supervisor's verdict before it executes.
 *
 * Only one is at that stage at a time, since they would share one descriptor table.
 */
#include "launcher/processes/init_extra.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/sys.h"
#include "launcher/plan.h"
#include "launcher/processes/processes.h"
#include "launcher/processes/signals.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

/* What a start reports to init when it is sealed. */
struct word {
	int listener_fd, exec_fd;
};

/* The last order; static, since init takes nothing from a heap. A started process has its own copy. */
static struct extra_order order;
static char *argv[EXTRA_ARGS_MAX + 1], *envp[EXTRA_ENV_MAX + 1];

static void tell(const struct run *run, const struct message *message, const int *fds, size_t n_fds)
{
	/* Nobody there: then there is nothing to be init for. */
	if (fd_send(run->control[1], message, sizeof(*message), fds, n_fds) < 0)
		_exit(EXIT_LAUNCHER);
}

static void fail(const struct run *run, uint32_t id, const struct error *err)
{
	const struct message message = { .type = MESSAGE_EXTRA_FAILED, .id = id, .error = *err };

	tell(run, &message, NULL, 0);
}

static void tell_end(const struct run *run, uint32_t id, int status)
{
	const struct message message = { .type = MESSAGE_EXTRA_ENDED, .id = id, .status = status };

	tell(run, &message, NULL, 0);
}

/* Whatever the last start left open here goes; a process that still waits has its own copy. */
static void close_rest(void)
{
	syscall(SYS_close_range, 0, INIT_CONTROL - 1, 0);
	syscall(SYS_close_range, INIT_FDS_END, ~0u, 0);
}

static size_t fill_words(char **words, size_t n, size_t at)
{
	for (size_t i = 0; i < n; i++) {
		words[i] = order.text + at;
		at += strnlen(order.text + at, order.size - at) + 1;
	}
	words[n] = NULL;
	return at;
}

/* The supervisor is trusted, a mistake in it isn't: pointers must stay within the text. */
static int read_words(struct error *err)
{
	size_t found = 0;

	for (size_t i = 0; i < order.size; i++)
		found += order.text[i] == '\0';
	if (order.n_args == 0 || order.n_args > EXTRA_ARGS_MAX || order.n_env > EXTRA_ENV_MAX ||
	    order.size > sizeof(order.text) || found != order.n_args + order.n_env ||
	    order.text[order.size - 1] != '\0')
		return error_set(err, EPROTO, "understand the supervisor's order");
	fill_words(envp, order.n_env, fill_words(argv, order.n_args, 0));
	return 0;
}

static int place_streams(struct error *err)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_SETFD, 0) < 0)
			return error_set(err, errno, "place stdin, stdout and stderr");
	if (syscall(SYS_close_range, INIT_CONTROL, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		return error_set(err, errno, "mark all other descriptors close-on-exec");
	/* The client's pseudo-terminal: job control and Ctrl-C work only in a session that has one. */
	if (order.terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		return error_set(err, errno, "take the terminal");
	return 0;
}

/* As the command's own step does it: opened once, looked at, with its interpreter. */
static int open_program(struct run *run, struct spec *spec, struct error *err)
{
	const struct step step = { .type = &step_program, .spec = spec };
	struct stat st;
	int r;

	spec->command = (struct spec_strings){ (const char *const *)argv, order.n_args };
	run->spec = spec;
	run->argv = argv;
	run->envp = envp;
	run->rootfs_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->rootfs_fd < 0)
		return error_set(err, errno, "open the root");
	run->program_fd = run->interpreter_fd = -1;
	r = step_program.apply(&step, run, err);
	fd_close(&run->rootfs_fd);
	if (r < 0)
		return r;
	run->exec_fd = run->program_fd;
	if (fstat(run->exec_fd, &st) < 0)
		return error_set(err, errno, "look at %s", argv[0]);
	run->proof->held[0] = st.st_dev;
	run->proof->held[1] = st.st_ino;
	return 0;
}

/* What is inherited from init is asked for again. */
static int prove(struct run *run, struct error *err)
{
	struct proof *proof = run->proof;

	for (size_t i = 0; i < RUN_NAMESPACES; i++) {
		char path[32];
		struct stat st;

		snprintf(path, sizeof(path), "self/ns/%s", run_namespace_names[i]);
		if (fstatat(run->procfs_fd, path, &st, 0) < 0)
			return error_set(err, errno, "look at the own %s namespace", run_namespace_names[i]);
		proof->extra_namespaces[i] = st.st_ino;
	}
	proof->securebits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	proof->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	proof->mdwe = prctl(PR_GET_MDWE, 0, 0, 0, 0);
	return 0;
}

static int seal(struct run *run, struct spec *spec, struct error *err)
{
	struct word word;
	int r = read_words(err);

	if (r == 0)
		r = place_streams(err);
	if (r == 0)
		r = open_program(run, spec, err);
	if (r == 0)
		r = prove(run, err);
	if (r < 0)
		return r;
	run->listener_fd = -1;
	r = plan_apply(run->plan, PHASE_SEAL, run, err);
	if (r < 0)
		return r;
	word = (struct word){ run->listener_fd, run->exec_fd };
	if (write(run->sealed[1], &word, sizeof(word)) != sizeof(word))
		return error_set(err, errno, "tell init that the process is sealed");
	return 0;
}

_noreturn_ static void extra_main(struct run *run, int gate)
{
	struct message message = { .type = MESSAGE_EXTRA_FAILED, .id = order.id };
	struct spec spec = *run->spec;
	ssize_t sent;

	setsid();
	signals_reset();
	if (!(spec.namespaces & SPEC_NS_PID))
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	run->go[0] = gate;
	if (seal(run, &spec, &message.error) == 0 && payload_wait(run, &message.error) == 0)
		payload_execute(run, &message.error);
	/* Only write(2) is open by now. */
	sent = write(run->control[1], &message, sizeof(message));
	_exit(sent == (ssize_t)sizeof(message) ? EXIT_LAUNCHER : EXIT_LAUNCHER + 1);
}

static int start(struct run *run, struct init_extras *extras, int gate, struct error *err)
{
	struct init_extra *free_place = NULL;
	struct clone_args args = {
		.flags = CLONE_FILES | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&extras->pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	for (size_t i = EXTRA_MAX; i > 0; i--)
		if (extras->items[i - 1].pid == 0)
			free_place = &extras->items[i - 1];
	if (!free_place)
		return error_set(err, EBUSY, "start a further process: %d run already", EXTRA_MAX);
	if (pipe2(run->sealed, O_CLOEXEC) < 0)
		return error_set(err, errno, "create the pipe to a further process");
	pid = sys_clone3(&args);
	if (pid == 0)
		extra_main(run, gate);
	if (pid < 0) {
		error_set(err, errno, "create a further process");
		if (err->code == EAGAIN)
			error_remedy(err, "the container has as many processes as limits.pids allows");
		return -err->code;
	}
	*free_place = (struct init_extra){ order.id, pid };
	extras->starting = free_place;
	return 0;
}

/* Return: whether the descriptors are in use now. */
static bool take_start(struct run *run, struct init_extras *extras, const int fds[EXTRA_FDS])
{
	struct error err = { 0 };
	int r = 0;

	if (extras->starting) {
		error_set(&err, EBUSY, "start a further process: another one is starting");
		fail(run, order.id, &err);
		tell_end(run, order.id, EXIT_LAUNCHER << 8);
		return false;
	}
	/* 0 to 2 are free here, and the kernel gives the lowest numbers first. */
	for (int i = 0; r == 0 && i <= STDERR_FILENO; i++)
		if (fds[i] != i)
			r = error_set(&err, EPROTO, "take the descriptors of a further process");
	if (r == 0)
		r = start(run, extras, fds[EXTRA_GATE], &err);
	if (r == 0)
		return true;
	fail(run, order.id, &err);
	tell_end(run, order.id, EXIT_LAUNCHER << 8);
	fd_close(&run->sealed[0]);
	fd_close(&run->sealed[1]);
	return false;
}

static void take_kill(struct init_extras *extras, uint32_t id)
{
	for (size_t i = 0; i < EXTRA_MAX; i++) {
		if (extras->items[i].pid == 0 || (id != EXTRA_ALL && extras->items[i].id != id))
			continue;
		kill(-extras->items[i].pid, SIGKILL);
		kill(extras->items[i].pid, SIGKILL); /* before its setsid() it leads no group */
	}
}

void init_extra_order(struct run *run, struct init_extras *extras)
{
	const size_t head = offsetof(struct extra_order, text);
	int fds[EXTRA_FDS];
	ssize_t got = fd_receive(run->control[1], &order, sizeof(order), fds, EXTRA_FDS);

	/* The end of file: the supervisor died, and whoever held a copy of its socket. */
	if (got == 0 || got == -ECONNRESET)
		_exit(EXIT_LAUNCHER);
	if (got >= (ssize_t)head && (size_t)got == head + order.size) {
		if (order.type == MESSAGE_EXTRA_KILL)
			take_kill(extras, order.id);
		if (order.type == MESSAGE_EXTRA_START && take_start(run, extras, fds))
			return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fd_close(&fds[i]);
}

void init_extra_sealed(struct run *run, struct init_extras *extras)
{
	struct message message = { .type = MESSAGE_EXTRA_SEALED, .id = extras->starting->id };
	struct word word;
	int fds[2];

	if (read(run->sealed[0], &word, sizeof(word)) != sizeof(word))
		return; /* it died on the way: its end comes */
	message.exec_fd = word.exec_fd;
	fds[0] = extras->pidfd;
	fds[1] = word.listener_fd >= 0 ? word.listener_fd : extras->pidfd;
	tell(run, &message, fds, ARRAY_SIZE(fds));
	/* From here on it has its own descriptors, and init none of them. */
	if (unshare(CLONE_FILES) < 0)
		_exit(EXIT_LAUNCHER);
	close_rest();
	extras->starting = NULL;
}

bool init_extra_reap(struct run *run, struct init_extras *extras, pid_t pid)
{
	for (size_t i = 0; i < EXTRA_MAX; i++) {
		struct init_extra *extra = &extras->items[i];
		int status = 0;

		if (extra->pid != pid)
			continue;
		/* What it leaves in its group ends with it. Its number is its own until it is reaped. */
		kill(-pid, SIGKILL);
		waitpid(pid, &status, __WALL);
		if (extras->starting == extra) {
			extras->starting = NULL;
			close_rest();
		}
		tell_end(run, extra->id, status);
		extra->pid = 0;
		return true;
	}
	return false;
}
