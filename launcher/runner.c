/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/host.h"
#include "launcher/payload_environment.h"
#include "launcher/plan.h"
#include "launcher/processes/service.h"
#include "launcher/processes/signals.h"
#include "launcher/service/passed.h"
#include "launcher/service/sd_notify.h"
#include "profiles/spec.h"

enum { REPORT_FD = STDERR_FILENO + 1 };

static void add_attr(struct spec_pair *pairs, size_t *n, const char *name, const char *value)
{
	for (size_t i = 0; i < *n; i++) {
		if (str_equal(pairs[i].name, name)) {
			pairs[i].value = value; /* env wins over a label of the same name */
			return;
		}
	}
	pairs[(*n)++] = (struct spec_pair){ name, value };
}

static void choose_attrs(const struct spec_strings *chosen, const struct spec_pairs *from,
			 struct spec_pair *pairs, size_t *n)
{
	for (size_t i = 0; i < chosen->n; i++)
		for (size_t j = 0; j < from->n; j++)
			if (str_equal(chosen->items[i], from->items[j].name))
				add_attr(pairs, n, from->items[j].name, from->items[j].value);
}

/* The default place of a plain user lies some levels below the home directory. */
static void make_log_dir(struct arena *arena, const char *path)
{
	char *partial = arena_strdup(arena, path);

	for (char *slash = partial ? strchr(partial + 1, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(partial, 0700); /* opening the log tells what could not be made */
		*slash = '/';
	}
	if (partial)
		mkdir(partial, 0750);
}

/* Where a driver that writes a file puts it, when the profile does not say. */
static const char *default_log_path(const struct spec *spec, const struct host *host, struct arena *arena)
{
	const char *end = spec->log.driver == SPEC_LOG_CRI ? ".log" : "-json.log";

	return arena_printf(arena, "%s/%s/%s%s", host->log_dir, spec->name, spec->name, end);
}

static int choose_log(const struct spec *spec, const struct host *host, struct arena *arena,
		      struct log_options *ret, struct error *err)
{
	const struct spec_log *log = &spec->log;
	struct spec_pair *pairs = arena_array(arena, log->labels.n + log->env.n + 1, sizeof(*pairs));
	size_t n = 0;

	*ret = (struct log_options){
		.driver = log->driver,
		.path = log->path ? log->path : default_log_path(spec, host, arena),
		.max_size_bytes = log->max_size_bytes,
		.max_files = log->max_files,
		.compress = log->compress,
		.on_full = log->on_full,
		.name = spec->name,
		.image = spec->rootfs,
		.tag = log->tag,
		.syslog_address = log->syslog_address,
		.syslog_facility = log->syslog_facility,
		.syslog_format = log->syslog_format,
		.socket = log->socket,
	};
	if (!pairs || !ret->path)
		return error_set(err, ENOMEM, "choose the log");
	choose_attrs(&log->labels, &spec->labels, pairs, &n);
	choose_attrs(&log->env, &spec->env, pairs, &n);
	if (log->tag)
		add_attr(pairs, &n, "tag", log->tag);
	ret->attrs = (struct spec_pairs){ pairs, n };
	make_log_dir(arena, host->log_dir);
	return 0;
}

static int fail(const struct error *err)
{
	error_print(STDERR_FILENO, err);
	return err->exit_status ? err->exit_status : EXIT_LAUNCHER;
}

/*
 * A caller's real-time or raised priority is no workload's: it would go before every other process
 * of the machine, outside of all limits. The kernel takes it from each child (sched(7)).
 */
static int keep_priority(struct error *err)
{
	int policy = sched_getscheduler(0);
	struct sched_param param;

	if (policy < 0 || sched_getparam(0, &param) < 0 ||
	    (!(policy & SCHED_RESET_ON_FORK) &&
	     sched_setscheduler(0, policy | SCHED_RESET_ON_FORK, &param) < 0)) {
		error_set(err, errno, "keep the own scheduling priority from the workload");
		return error_remedy(err, "start kapsel under an ordinary policy: chrt --other 0 kapsel ...");
	}
	return 0;
}

static int prepare(struct service *service, struct error *err)
{
	struct plan *plan = arena_alloc(service->arena, sizeof(*plan));
	int r;

	if (!plan)
		return error_set(err, ENOMEM, "plan the start");
	service->plan = plan;
	r = passed_match(&service->spec, err);
	if (r == 0)
		r = plan_build(&service->spec, service->host, service->arena, plan, err);
	for (size_t i = 0; i < plan->n_warnings; i++)
		dprintf(STDERR_FILENO, "kapsel: warning: %s\n", plan->warnings[i]);
	if (r == 0)
		r = keep_priority(err);
	if (r == 0)
		r = payload_environment_build(&service->spec, service->arena, &service->environment, err);
	if (r == 0)
		r = choose_log(&service->spec, service->host, service->arena, &service->log, err);
	return r;
}

static int live(struct service *service)
{
	struct error err = { 0 };

	signals_block();
	sd_notify_take();
	if (prepare(service, &err) < 0)
		return fail(&err);
	return service_run(service);
}

/* Until the service runs, or its process has left with a message. */
static int wait_for_start(pid_t pid, int report)
{
	char id[RECORD_ID_SIZE] = "";
	struct error err = { 0 };
	ssize_t got;
	int status;

	do
		got = read(report, id, sizeof(id) - 1);
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		puts(id);
		return 0;
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			error_set(&err, errno, "wait for the supervisor");
			return fail(&err);
		}
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	/* It could say nothing itself. */
	error_set(&err, ECANCELED, "start the service: signal %d killed its supervisor", WTERMSIG(status));
	return fail(&err);
}

/*
 * The supervisor leaves the caller's session only; it keeps stderr until the service runs, so that a
 * start that fails tells why where it was asked for.
 */
static int detach(struct service *service)
{
	struct error err = { 0 };
	int report[2], status;
	pid_t pid;

	/* Ignored, as some callers leave it, how a failed start ended would be lost. */
	signal(SIGCHLD, SIG_DFL);
	if (pipe2(report, O_CLOEXEC) < 0) {
		error_set(&err, errno, "create the pipe to the waiting caller");
		return fail(&err);
	}
	pid = fork();
	if (pid < 0) {
		error_set(&err, errno, "fork the supervisor");
		return fail(&err);
	}
	if (pid > 0) {
		close(report[1]);
		status = wait_for_start(pid, report[0]);
		close(report[0]);
		return status;
	}
	setsid();
	/* A caller's descriptor kept open for months would keep somebody waiting for its end. */
	if (dup2(report[1], REPORT_FD) < 0 || fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC) < 0 ||
	    syscall(SYS_close_range, REPORT_FD + 1, ~0u, 0) < 0) {
		error_set(&err, errno, "close the caller's descriptors");
		return fail(&err);
	}
	service->report_fd = REPORT_FD;
	return live(service);
}

int runner_execute(const struct spec *spec, const struct host *host, struct arena *arena,
		   const struct runner_options *options)
{
	static struct service service; /* too large for the stack's taste */

	service_init(&service);
	service.spec = *spec;
	service.host = host;
	service.arena = arena;
	service.quiet = options->quiet;
	service.detached = options->detached;
	service.remove = options->remove;
	return options->detached ? detach(&service) : live(&service);
}
