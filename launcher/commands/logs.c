/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/commands/commands.h"
#include "launcher/host.h"
#include "launcher/logs/log_follow.h"
#include "launcher/logs/log_printer.h"
#include "launcher/logs/log_reader.h"
#include "launcher/service/record.h"

enum { STARTING_MS = 5000 }; /* for the time between a first output and the record */

/* Whose log it is; of a FILE nothing but the path is known. */
struct subject {
	char path[PATH_MAX];
	bool is_file;
	struct host host;
	char state_dir[HOST_PATH_MAX + RECORD_NAME_MAX];
	char name[RECORD_NAME_MAX];
	struct record_process supervisor;
};

/* Drivers that keep no file of their own, and where the text is instead. */
static int no_file(const struct record *record, struct error *err)
{
	const char *driver = record->log_driver;

	error_set(err, ENOENT, "read the log of %s: its log driver is \"%s\", which keeps no file",
		  record->name, driver);
	if (str_equal(driver, "journald"))
		return error_remedy(err, "journalctl CONTAINER_NAME=%s", record->name);
	if (str_equal(driver, "syslog"))
		return error_remedy(err, "look into the files of the system's syslog daemon");
	if (str_equal(driver, "socket"))
		return error_remedy(err,
				    "ask the program that reads the socket of \"log\": { \"socket\": … }");
	if (str_equal(driver, "passthrough"))
		return error_remedy(err, "its output went to where that of \"kapsel run\" did");
	return error_remedy(err,
			    "its output is thrown away; \"log\": { \"driver\": \"json-file\" } keeps it");
}

static bool is_name(const char *name)
{
	return name[0] && name[0] != '.' && strlen(name) < RECORD_NAME_MAX;
}

/* Whether its directory is there, but no record in it yet. */
static bool is_starting(const struct subject *subject)
{
	_cleanup_fd_ int dir = record_open(subject->host.run_dir, subject->name, NULL);
	struct record record;

	return dir >= 0 && record_read(dir, &record, NULL) == -ENOENT;
}

/*
 * The record of a container, which is written some milliseconds after its first output: until then only the
 * directory says that there is one. A directory that a killed start left has none and never gets one.
 */
static int find_record(const char *which, const struct subject *subject, struct record *ret,
		       struct error *err)
{
	_cleanup_log_follow_ struct log_follow *follow = NULL;
	struct error ignored;
	int none = -1, r = record_find(subject->host.run_dir, which, ret, err), what = LOG_FOLLOW_NAMES;

	if (r != -ENOENT || !is_starting(subject))
		return r;
	if (log_follow_open(&follow, &ignored) < 0)
		return r;
	while (r == -ENOENT && what > LOG_FOLLOW_TIMEOUT &&
	       log_follow_dir(follow, subject->state_dir, &ignored) == 0) {
		r = record_find(subject->host.run_dir, which, ret, err);
		if (r == -ENOENT && !is_starting(subject))
			break;
		if (r == -ENOENT)
			what = log_follow_wait(follow, &none, -1, STARTING_MS, &ignored);
	}
	return r;
}

static void set_name(struct subject *subject, const char *name)
{
	snprintf(subject->name, sizeof(subject->name), "%s", name);
	snprintf(subject->state_dir, sizeof(subject->state_dir), "%s/%s", subject->host.run_dir, name);
}

/* The log of a container, by the record of it; of one that left none the default place. */
static int find_log(const char *which, struct subject *subject, struct error *err)
{
	struct error unknown = { 0 };
	struct record record;
	int r;

	if (!is_name(which))
		return error_set(err, EINVAL, "look up a container called \"%s\"", which);
	set_name(subject, which);
	r = find_record(which, subject, &record, &unknown);
	if (r == -ENOENT) {
		snprintf(subject->path, sizeof(subject->path), "%s/%s/%s-json.log", subject->host.log_dir,
			 which, which);
		return 0;
	}
	if (r < 0) {
		*err = unknown;
		return r;
	}
	set_name(subject, record.name);
	subject->supervisor = record.supervisor;
	if (!record.log_path[0])
		return no_file(&record, err);
	snprintf(subject->path, sizeof(subject->path), "%s", record.log_path);
	return 0;
}

static int find_subject(const char *which, struct subject *ret, struct error *err)
{
	int r;

	*ret = (struct subject){ .is_file = strchr(which, '/') };
	if (ret->is_file) {
		if (strlen(which) >= sizeof(ret->path))
			return error_set(err, ENAMETOOLONG, "open the log");
		snprintf(ret->path, sizeof(ret->path), "%s", which);
		return 0;
	}
	r = host_probe_caller(&ret->host, err);
	return r < 0 ? r : find_log(which, ret, err);
}

/* Whether the container may still write: it is being started, or somebody supervises it. */
static bool running(void *arg)
{
	const struct subject *subject = arg;
	_cleanup_fd_ int dir = record_open(subject->host.run_dir, subject->name, NULL);
	struct record record;
	int r;

	if (dir < 0)
		return false;
	r = record_read(dir, &record, NULL);
	return r == -ENOENT || (r == 0 && record_alive(&record));
}

static int no_log(const struct subject *subject, struct error *err)
{
	if (err->code != ENOENT || err->remedy[0] || subject->is_file)
		return -err->code;
	if (access(subject->name, F_OK) == 0)
		return error_remedy(err, "a file is written with a slash: ./%s", subject->name);
	return error_remedy(
		err,
		"\"kapsel ps --all\" shows the containers; a log in another place is read by its path, and what "
		"the driver journald took by: journalctl CONTAINER_NAME=%s",
		subject->name);
}

static void print_damage(const struct log_damage *damage)
{
	char file[sizeof(damage->file) * 4];

	if (damage->lines == 0)
		return;
	str_escape(file, sizeof(file), damage->file);
	fprintf(stderr,
		"kapsel: %llu line%s of the log left out that %s not readable, the first at byte %llu of %s\n",
		(unsigned long long)damage->lines, damage->lines == 1 ? "" : "s",
		damage->lines == 1 ? "is" : "are", (unsigned long long)damage->offset, file);
	if (damage->files)
		fputs("kapsel: a compressed file of the log is damaged: what stood behind is lost\n", stderr);
}

/* While it is followed nobody may wait for the end, which is a signal. */
static void print_damage_once(const struct log_damage *damage)
{
	static bool
		printed; /* NOLINT(cppcoreguidelines-avoid-non-const-global-variables): of this one call */

	if (!printed)
		print_damage(damage);
	printed = printed || damage->lines > 0;
}

static int show(struct subject *subject, struct log_request *request,
		const struct log_printer_options *options, struct error *err)
{
	_cleanup_log_printer_ struct log_printer *printer = log_printer_new(options);
	_cleanup_fd_ int supervisor = -1;
	struct log_life life = { running, subject, { subject->host.run_dir, subject->state_dir }, -1 };
	struct log_damage damage;
	struct log_set set;
	int r;

	if (!printer)
		return error_set(err, ENOMEM, "allocate the log reader");
	r = log_set_init(&set, subject->path, subject->is_file, err);
	if (r < 0)
		return r;
	if (request->follow && subject->supervisor.pid > 0) {
		supervisor = (int)syscall(SYS_pidfd_open, subject->supervisor.pid, 0);
		life.ended_fd = supervisor;
	}
	request->set = &set;
	request->life = subject->is_file ? NULL : &life;
	request->out_fd = options->out_fd;
	r = log_reader_run(request, printer, request->follow ? print_damage_once : NULL, &damage, err);
	if (request->follow)
		print_damage_once(&damage);
	else
		print_damage(&damage);
	return r;
}

static int parse_time(const struct command *command, const struct command_parse *parse, const char *name,
		      int64_t now_ns, int64_t *ret_ns)
{
	const char *text = command_given(command, parse, name);
	int r = text ? log_time_parse_option(text, now_ns, ret_ns) : 0;

	if (r == -ERANGE)
		return command_usage_error(command, "--%s \"%s\" is out of range: 1678 to 2262", name, text);
	if (r < 0)
		return command_usage_error(
			command,
			"--%s \"%s\" is no time: 2026-01-31, 2026-01-31T15:04:05Z, Unix seconds, or 1h30m before now",
			name, text);
	return STATUS_OK;
}

static int parse_request(const struct command *command, const struct command_parse *parse,
			 struct log_request *ret)
{
	const char *tail = command_given(command, parse, "tail"),
		   *stream = command_given(command, parse, "stream");
	int64_t now_ns = log_time_now();
	int status;

	*ret = (struct log_request){
		.filter = { LOG_TIME_MIN, LOG_TIME_MAX, { true, true } },
		.lines = LOG_SEEK_ALL,
		.follow = command_given(command, parse, "follow"),
	};
	status = parse_time(command, parse, "since", now_ns, &ret->filter.since_ns);
	if (status == STATUS_OK)
		status = parse_time(command, parse, "until", now_ns, &ret->filter.until_ns);
	if (status != STATUS_OK)
		return status;
	if (tail && !str_equal(tail, "all") && str_to_u64(tail, &ret->lines) < 0)
		return command_usage_error(command, "--tail \"%s\" is neither a number of lines nor \"all\"",
					   tail);
	if (stream && !str_equal(stream, "stdout") && !str_equal(stream, "stderr"))
		return command_usage_error(command, "--stream \"%s\" is neither stdout nor stderr", stream);
	if (stream)
		ret->filter.streams[str_equal(stream, "stdout") ? LOG_STDERR : LOG_STDOUT] = false;
	return STATUS_OK;
}

static int run_with_pattern(const struct command *command, const struct command_parse *parse,
			    struct log_request *request, const regex_t *pattern)
{
	const struct log_printer_options options = {
		.timestamps = command_given(command, parse, "timestamps"),
		.details = command_given(command, parse, "details"),
		.json = command_given(command, parse, "json"),
		.pattern = pattern,
		.out_fd = STDOUT_FILENO,
		.err_fd = STDERR_FILENO,
	};
	struct subject subject;
	struct error err = { 0 };
	int r = find_subject(parse->operands[0], &subject, &err);

	if (r == 0) {
		r = show(&subject, request, &options, &err);
		if (r < 0)
			no_log(&subject, &err);
	}
	if (r < 0)
		error_print(STDERR_FILENO, &err);
	return r < 0 ? STATUS_FINDING : STATUS_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_parse parse;
	struct log_request request;
	const char *expression;
	char reason[128];
	regex_t pattern;
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (parse.n_operands != 1 || parse.after)
		return command_usage_error(command, "one NAME or FILE is needed");
	status = parse_request(command, &parse, &request);
	if (status != STATUS_OK)
		return status;
	expression = command_given(command, &parse, "grep");
	if (!expression)
		return run_with_pattern(command, &parse, &request, NULL);
	status = regcomp(&pattern, expression, REG_EXTENDED);
	if (status != 0) {
		regerror(status, &pattern, reason, sizeof(reason));
		return command_usage_error(command, "--grep \"%s\" is no regular expression: %s", expression,
					   reason);
	}
	status = run_with_pattern(command, &parse, &request, &pattern);
	regfree(&pattern);
	return status;
}

static const struct command_option options[] = {
	{ "follow", 'f', NULL, "show what is added, until the container ends" },
	{ "since", 0, "TIME", "only from TIME on: a date, Unix seconds, or how long ago (1h30m)" },
	{ "until", 0, "TIME", "only up to TIME" },
	{ "tail", 'n', "N", "only the last N lines of what is asked for; all: every line" },
	{ "timestamps", 't', NULL, "the time before each line" },
	{ "details", 0, NULL, "the attributes before each line" },
	{ "stream", 0, "STREAM", "only stdout or stderr" },
	{ "grep", 0, "PATTERN", "only lines that match an extended regular expression" },
	{ "json", 0, NULL, "the log's own objects, one a line" },
	{ 0 },
};

const struct command command_logs = {
	.name = "logs",
	.usage = "[OPTIONS] NAME | FILE",
	.summary = "Shows what a container wrote to stdout and stderr.",
	.example = "kapsel logs -f --tail 20 web",
	.options = options,
	.run = run,
};
