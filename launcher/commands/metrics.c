/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel metrics: the services' numbers for Prometheus, as text, as files, or as one HTTP answer. */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "launcher/commands/commands.h"
#include "launcher/host.h"
#include "launcher/service/metrics.h"
#include "launcher/service/metrics_http.h"
#include "launcher/service/metrics_textfile.h"
#include "launcher/service/sample.h"

/*
 * The mount point that @cgroup is below: as far up as the file system is the same. Under a unit's
 * ProtectControlGroups= the hierarchy is mounted more than once, and mountinfo does not say which one the
 * supervisor meant. Of a group that is gone the first directory counts that is left.
 */
static bool find_mount(const char *cgroup, char mount[RECORD_PATH_MAX])
{
	char path[RECORD_PATH_MAX];
	struct statfs fs;
	struct stat st;
	dev_t dev = 0;
	char *slash;

	mount[0] = '\0';
	snprintf(path, sizeof(path), "%s", cgroup);
	while ((slash = strrchr(path, '/')) && slash != path) {
		bool there = stat(path, &st) == 0;

		if (there && !mount[0] && (statfs(path, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC))
			return false;
		if (there && mount[0] && st.st_dev != dev)
			return true;
		if (there) {
			dev = st.st_dev;
			snprintf(mount, RECORD_PATH_MAX, "%s", path);
		}
		*slash = '\0';
	}
	return mount[0];
}

/* Where all of them are; "" where it can't be seen. */
static void find_mount_of(const struct sample *samples, size_t n, char mount[RECORD_PATH_MAX])
{
	mount[0] = '\0';
	for (size_t i = 0; i < n; i++)
		if (find_mount(samples[i].record->cgroup, mount))
			return;
	mount[0] = '\0';
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
	char mount[RECORD_PATH_MAX];
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
	arena = arena_new();
	r = arena ? host_probe_caller(&host, &err) : error_set(&err, ENOMEM, "read the services");
	if (r == 0)
		r = sample_list(host.run_dir, parse.operands, (size_t)parse.n_operands, false, SAMPLE_ALL,
				arena, &samples, &n, &err);
	if (r == 0)
		find_mount_of(samples, n, mount);
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
