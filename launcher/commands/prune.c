/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel prune: forget all services that ended, and clear up after killed supervisors. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/commands/commands.h"
#include "launcher/host.h"
#include "launcher/service/record.h"
#include "launcher/service/remove.h"

/* A directory without a record may be that of a start at this very moment. */
enum { START_MAX_S = 60 };

/* Return: whether somebody who can answer said yes. */
static bool confirmed(void)
{
	char answer[16];

	fputs("This removes what is kept about all services that ended.\nAre you sure? [y/N] ", stdout);
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* What stands in the way of one stops no other. Return: the exit status. */
static int remove_one(const char *run_dir, const char *name, const struct remove_options *options)
{
	struct error err = { 0 };
	char shown[RECORD_NAME_MAX * 4];
	int r = remove_service(run_dir, name, options, &err);

	if (r == -ENOENT || r == -EBUSY)
		return STATUS_OK; /* somebody was faster, or starts it again */
	if (r < 0) {
		error_print(STDERR_FILENO, &err);
		return STATUS_FINDING;
	}
	str_escape(shown, sizeof(shown), name);
	puts(shown);
	return STATUS_OK;
}

/* Whether it holds nothing but what a service's directory holds (launcher/service/record.h). */
static bool is_state(int dir)
{
	static const char *const files[] = {
		".",     "..",        "state.json", "state.json.new", "profile.json", "profile.json.new",
		"steps", "steps.new", "counters",   "control"
	};
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
	bool known = list != NULL;
	struct dirent *entry;

	if (!list)
		fd_close(&copy);
	while (known && (entry = readdir(list))) { /* NOLINT(concurrency-mt-unsafe): one thread, one stream */
		size_t i = 0;

		while (i < ARRAY_SIZE(files) && !str_equal(files[i], entry->d_name))
			i++;
		known = i < ARRAY_SIZE(files);
	}
	if (list)
		closedir(list);
	return known;
}

/* A start was killed before it could write its record, and not just now. */
static bool is_leftover(int run_dir, const char *name)
{
	_cleanup_fd_ int dir = openat(run_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct record record;
	struct stat st;
	int r;

	if (name[0] == '.' || dir < 0 || fstat(dir, &st) < 0 || time(NULL) - st.st_mtime < START_MAX_S)
		return false;
	r = record_read(dir, &record, NULL);
	return (r == -ENOENT || r == -EINVAL) && is_state(dir);
}

static int remove_leftovers(const char *run_dir, const struct remove_options *options)
{
	DIR *dir = opendir(run_dir);
	int status = STATUS_OK;
	struct dirent *entry;

	if (!dir)
		return status;
	while ((entry = readdir(dir))) /* NOLINT(concurrency-mt-unsafe): one thread, one stream */
		if (is_leftover(dirfd(dir), entry->d_name))
			status |= remove_one(run_dir, entry->d_name, options);
	closedir(dir);
	return status;
}

static int prune(const char *run_dir, const struct remove_options *options)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct record *records = NULL;
	int status = STATUS_OK;
	size_t n = 0;

	if (!arena || record_list(run_dir, arena, &records, &n, &err) < 0) {
		if (!arena)
			error_set(&err, ENOMEM, "list the services");
		error_print(STDERR_FILENO, &err);
		return STATUS_FINDING;
	}
	for (size_t i = 0; i < n; i++)
		if (!record_alive(&records[i]))
			status |= remove_one(run_dir, records[i].name, options);
	return status | remove_leftovers(run_dir, options);
}

static int run(const struct command *command, int argc, char **argv)
{
	struct remove_options options = { 0 };
	struct command_parse parse;
	struct error err = { 0 };
	struct host host;
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (parse.n_operands > 0 || parse.after)
		return command_usage_error(command, "it takes no names; \"kapsel rm\" does");
	if (host_probe_caller(&host, &err) < 0) {
		error_print(STDERR_FILENO, &err);
		return STATUS_FINDING;
	}
	if (!command_given(command, &parse, "force") && !confirmed()) {
		fputs("kapsel: nothing was removed\n", stderr);
		return STATUS_FINDING;
	}
	options.logs = command_given(command, &parse, "logs") != NULL;
	return prune(host.run_dir, &options);
}

static const struct command_option options[] = {
	{ "force", 'f', NULL, "do not ask" },
	{ "logs", 0, NULL, "remove their log files and events, too" },
	{ 0 },
};

const struct command command_prune = {
	.name = "prune",
	.usage = "[-f] [--logs]",
	.summary = "Removes all services that ended, and what killed supervisors left.",
	.example = "kapsel prune -f",
	.options = options,
	.run = run,
};
