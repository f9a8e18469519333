/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/runner.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/host.h"
#include "launcher/logs/log_writer.h"
#include "launcher/plan.h"
#include "launcher/processes/processes.h"
#include "launcher/processes/signals.h"
#include "launcher/run.h"
#include "launcher/state.h"
#include "profiles/spec.h"
#include "seccomp/notify.h"

enum { LISTEN_VARIABLES = 3 };

static struct run *new_run(const struct spec *spec, const struct host *host, const struct plan *plan,
			   struct arena *arena)
{
	struct run *run = arena_alloc(arena, sizeof(*run));

	if (!run)
		return NULL;
	run_init(run);
	run->spec = spec;
	run->host = host;
	run->plan = plan;
	run->arena = arena;
	snprintf(run->id, sizeof(run->id), "%s", spec->name);
	return run;
}

/* LISTEN_PID is the payload's pid, which only it knows: it writes into the space left here. */
static int add_listen_variables(struct run *run, const char **envp, size_t *n)
{
	const struct spec *spec = run->spec;
	char names[1024] = "LISTEN_FDNAMES=";

	if (spec->n_listen == 0)
		return 0;
	for (size_t i = 0; i < spec->n_listen; i++) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, "%s%s", i ? ":" : "", spec->listen[i].name);
	}
	run->listen_pid = arena_alloc(run->arena, LISTEN_PID_SIZE);
	envp[(*n)++] = arena_printf(run->arena, "LISTEN_FDS=%zu", spec->n_listen);
	envp[(*n)++] = arena_strdup(run->arena, names);
	envp[(*n)++] = run->listen_pid;
	return envp[*n - 1] && envp[*n - 2] && envp[*n - 3] ? 0 : -ENOMEM;
}

static int fill_environment(struct run *run, struct error *err)
{
	const struct spec *spec = run->spec;
	const char **envp = arena_array(run->arena, spec->env.n + LISTEN_VARIABLES + 1, sizeof(*envp));
	size_t n = 0;

	if (!envp)
		return error_set(err, ENOMEM, "format the environment");
	for (size_t i = 0; i < spec->env.n; i++) {
		envp[n] =
			arena_printf(run->arena, "%s=%s", spec->env.items[i].name, spec->env.items[i].value);
		if (!envp[n++])
			return error_set(err, ENOMEM, "format the environment");
	}
	if (add_listen_variables(run, envp, &n) < 0)
		return error_set(err, ENOMEM, "format the environment");
	run->envp = (char *const *)(uintptr_t)envp;
	run->argv = (char *const *)(uintptr_t)spec->command.items;
	return 0;
}

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

static int open_log(const struct run *run, struct log_writer **ret, struct error *err)
{
	const struct spec_log *log = &run->spec->log;
	struct spec_pair *pairs = arena_array(run->arena, log->labels.n + log->env.n + 1, sizeof(*pairs));
	const char *name = run->spec->name;
	struct log_options options = {
		.path = log->path ? log->path
				  : arena_printf(run->arena, "%s/%s/%s-json.log", run->host->log_dir, name,
						 name),
		.max_size_bytes = log->max_size_bytes,
		.max_files = log->max_files,
		.compress = log->compress,
		.on_full = log->on_full,
	};
	size_t n = 0;
	int r;

	if (log->driver != SPEC_LOG_JSON_FILE)
		return 0;
	if (!pairs || !options.path)
		return error_set(err, ENOMEM, "open the log");
	if (!log->path)
		make_log_dir(run->arena, run->host->log_dir);
	choose_attrs(&log->labels, &run->spec->labels, pairs, &n);
	choose_attrs(&log->env, &run->spec->env, pairs, &n);
	if (log->tag)
		add_attr(pairs, &n, "tag", log->tag);
	options.attrs = (struct spec_pairs){ pairs, n };
	r = log_writer_open(&options, ret, err);
	if (r < 0)
		strncpy(err->step, "log", sizeof(err->step) - 1);
	return r;
}

static int fail(const struct error *err)
{
	error_print(STDERR_FILENO, err);
	return err->exit_status ? err->exit_status : EXIT_LAUNCHER;
}

static void clean_up(struct run *run)
{
	int r = run->state_fd >= 0 ? state_clean(run) : 0;

	if (janitor_dismiss(run, r == 0) < 0 && r < 0)
		dprintf(STDERR_FILENO,
			"kapsel: clean up after %s: %s; the next run of that name tries again\n",
			run->spec->name, error_name(-r));
}

static int supervise(struct run *run, struct log_writer *writer, const struct runner_options *options)
{
	struct ending ending = { 0 };
	struct cgroup_end counts = { .memory_max_bytes = UINT64_MAX };
	struct error err = { 0 };
	int r = supervisor_run(run, writer, &ending, &err), status;

	if (run->cgroup_fd >= 0)
		cgroup_end_read(run->cgroup_fd, &counts);
	if (r < 0) {
		status = fail(&err);
	} else if (options->quiet && ending.wait_status == 0) {
		status = 0;
	} else {
		status = ending_print(stderr, run, &ending, &counts,
				      run->notify ? notify_denials(run->notify) : NULL);
	}
	run->notify = notify_free(run->notify);
	return status;
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

/* The log comes last: a start that is refused before leaves no file. */
static int start_logged(struct run *run, struct log_writer **ret_writer, struct error *err)
{
	int r = start_run(run, err);

	if (r < 0)
		return r;
	r = open_log(run, ret_writer, err);
	if (r == 0)
		return start_go(run, err);
	start_abort(run);
	return r;
}

int runner_execute(const struct spec *spec, const struct host *host, struct arena *arena,
		   const struct runner_options *options)
{
	struct plan *plan = arena_alloc(arena, sizeof(*plan));
	struct log_writer *writer = NULL;
	struct error err = { 0 };
	struct run *run;
	int r, status;

	run = plan ? new_run(spec, host, plan, arena) : NULL;
	if (!run) {
		error_set(&err, ENOMEM, "plan the start");
		return fail(&err);
	}
	signals_block();
	r = plan_build(spec, host, arena, plan, &err);
	for (size_t i = 0; i < plan->n_warnings; i++)
		dprintf(STDERR_FILENO, "kapsel: warning: %s\n", plan->warnings[i]);
	if (r == 0)
		r = keep_priority(&err);
	if (r == 0)
		r = fill_environment(run, &err);
	if (r == 0)
		r = start_logged(run, &writer, &err);
	if (r == 0)
		status = supervise(run, writer, options);
	else
		status = fail(&err);
	log_writer_close(writer);
	clean_up(run);
	return status;
}
