/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel metrics: the services' numbers for Prometheus, as text, as files, or as one HTTP answer. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "cgroups/mounts.h"
#include "launcher/commands/commands.h"
#include "launcher/host.h"
#include "launcher/service/metrics.h"
#include "launcher/service/metrics_http.h"
#include "launcher/service/metrics_textfile.h"
#include "launcher/service/sample.h"

/* Where the cgroup2 hierarchy is seen; "" where it is not. */
static void find_mount(char mount[CGROUP_PATH_MAX])
{
	struct mounts mounts;

	mount[0] = '\0';
	if (mounts_read(&mounts) == 0 && mounts.n_v2 > 0)
		snprintf(mount, CGROUP_PATH_MAX, "%s", mounts.v2[0].path);
}

/* A file of a service stays as long as the service has a directory, also where it ended or is not named. */
static int clean_textfiles(const char *directory, const char *run_dir, struct arena *arena, struct error *err)
{
	struct record *records = NULL;
	const char **names;
	size_t n = 0;
	int r = record_list(run_dir, arena, &records, &n, err);

	if (r < 0)
		return r;
	names = arena_array(arena, n, sizeof(*names));
	if (!names)
		return error_set(err, ENOMEM, "read the names of the services");
	for (size_t i = 0; i < n; i++)
		names[i] = records[i].name;
	return metrics_textfile_clean(directory, names, n, err);
}

static int write_textfiles(const char *directory, const char *run_dir, const char *mount,
			   const struct sample *samples, size_t n, struct arena *arena, struct error *err)
{
	int r = metrics_textfile_write(directory, samples, n, mount, err);

	return r < 0 ? r : clean_textfiles(directory, run_dir, arena, err);
}

/* Locked in: not even memory may be given back, so this is the process's end. */
static _noreturn_ void answer_http(const char *mount, const struct sample *samples, size_t n)
{
	struct error err = { 0 };

	if (metrics_http_answer(samples, n, mount, &err) == 0)
		_exit(STATUS_OK);
	if (err.code != ECONNRESET) /* somebody connected and went: no news */
		error_print(STDERR_FILENO, &err);
	_exit(STATUS_FINDING);
}

static int print_text(const char *mount, const struct sample *samples, size_t n, bool open, struct error *err)
{
	metrics_print(stdout, samples, n, mount, open ? METRICS_OPENMETRICS : METRICS_TEXT);
	if (fflush(stdout) < 0)
		return error_set(err, errno, "print the metrics");
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = NULL;
	const char *textfile, *http, *open;
	char mount[CGROUP_PATH_MAX];
	struct sample *samples = NULL;
	struct command_parse parse;
	struct error err = { 0 };
	struct host host;
	size_t n = 0;
	int status, r;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	textfile = command_given(command, &parse, "textfile");
	http = command_given(command, &parse, "http");
	open = command_given(command, &parse, "openmetrics");
	if (parse.after)
		return command_usage_error(command, "nothing may stand behind --");
	if (!!textfile + !!http + !!open > 1)
		return command_usage_error(command,
					   "--openmetrics, --textfile and --http exclude each other");
	find_mount(mount);
	arena = arena_new();
	r = arena ? host_probe_caller(&host, &err) : error_set(&err, ENOMEM, "read the services");
	if (r == 0)
		r = sample_list(host.run_dir, parse.operands, (size_t)parse.n_operands, false, SAMPLE_ALL,
				arena, &samples, &n, &err);
	if (r == 0 && http)
		answer_http(mount, samples, n);
	if (r == 0 && textfile)
		r = write_textfiles(textfile, host.run_dir, mount, samples, n, arena, &err);
	else if (r == 0)
		r = print_text(mount, samples, n, open, &err);
	if (r < 0)
		error_print(STDERR_FILENO, &err);
	return r < 0 ? STATUS_FINDING : STATUS_OK;
}

static const struct command_option options[] = {
	{ "openmetrics", 0, NULL, "the text format of OpenMetrics 1.0" },
	{ "textfile", 0, "DIR", "write DIR/kapsel_NAME.prom for each, for node_exporter" },
	{ "http", 0, NULL, "answer one HTTP request on stdin and stdout, for a socket unit" },
	{ 0 },
};

const struct command command_metrics = {
	.name = "metrics",
	.usage = "[--openmetrics | --textfile DIR | --http] [NAME...]",
	.summary = "Prints the services' numbers for Prometheus.",
	.example = "kapsel metrics --textfile /var/lib/prometheus/node-exporter",
	.options = options,
	.run = run,
};
