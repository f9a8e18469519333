/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's processes: their pids, or those lines of ps(1) that are about them. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/commands/container.h"
#include "launcher/oci/commands/output.h"

/* A caller may give no PATH, and a PATH could name somebody's own ps. */
static const char *const programs[] = { "/usr/bin/ps", "/bin/ps" };

struct process_list {
	pid_t *pids;
	size_t n;
};

static bool contains(const struct process_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->pids[i] == pid)
			return true;
	return false;
}

static void print_pids(const struct process_list *list)
{
	putchar('[');
	for (size_t i = 0; i < list->n; i++)
		printf("%s%d", i > 0 ? "," : "", (int)list->pids[i]);
	puts("]");
}

/* Return: the word number @column of @line, or NULL; *ret_length. */
static const char *word_at(const char *line, size_t column, size_t *ret_length)
{
	for (;;) {
		line += strspn(line, " \t");
		*ret_length = strcspn(line, " \t\n");
		if (*ret_length == 0)
			return NULL;
		if (column-- == 0)
			return line;
		line += *ret_length;
	}
}

/* Return: which word of the heading is PID, -1 without one. */
static ssize_t pid_column(const char *heading)
{
	size_t length;

	for (size_t i = 0;; i++) {
		const char *word = word_at(heading, i, &length);

		if (!word)
			return -1;
		if (length == 3 && strncmp(word, "PID", 3) == 0)
			return (ssize_t)i;
	}
}

static int filter(FILE *in, const struct process_list *list, struct error *err)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t column = -1;

	if (getline(&line, &room, in) > 0)
		column = pid_column(line);
	if (column < 0) {
		free(line);
		error_set(err, EINVAL, "ps prints no column PID");
		return error_remedy(err, "give it options with which it does, or use --format json");
	}
	fputs(line, stdout);
	while (getline(&line, &room, in) > 0) {
		size_t length;
		const char *word = word_at(line, (size_t)column, &length);

		if (word && contains(list, atoi(word)))
			fputs(line, stdout);
	}
	free(line);
	return 0;
}

/* Return: its pid with *ret_out the reading end of its stdout, or -errno. */
static pid_t spawn_ps(char *const *argv, int *ret_out)
{
	int fds[2], r = ENOENT;
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO) != 0)
		r = ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(programs) && r == ENOENT; i++)
		r = posix_spawn(&pid, programs[i], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (r != 0) {
		close(fds[0]);
		return -r;
	}
	*ret_out = fds[0];
	return pid;
}

static int print_table(const struct process_list *list, char *const *argv, struct error *err)
{
	int out = -1, status = 0, r;
	pid_t pid = spawn_ps(argv, &out);
	FILE *in;

	if (pid < 0) {
		error_set(err, -pid, "start ps");
		return error_remedy(err, "install procps, or use --format json");
	}
	in = fdopen(out, "r");
	r = in ? filter(in, list, err) : error_set(err, ENOMEM, "read from ps");
	if (in)
		fclose(in);
	else
		close(out);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(err, EINVAL, "ps failed: its options may be wrong");
	return r;
}

/* argv of ps: what stands behind the id, or -ef. */
static char *const *arguments(const struct oci_parse *parse, struct arena *arena)
{
	char **argv = arena_array(arena, (size_t)parse->n_operands + 3, sizeof(*argv));
	size_t n = 0;

	if (!argv)
		return NULL;
	argv[n++] = arena_strdup(arena, "ps");
	for (int i = 1; i < parse->n_operands; i++)
		argv[n++] = parse->operands[i];
	if (parse->n_operands < 2)
		argv[n++] = arena_strdup(arena, "-ef");
	return argv[0] && argv[n - 1] ? argv : NULL;
}

static int show(struct container *container, const struct oci_parse *parse, bool json, struct error *err)
{
	_cleanup_fd_ int cgroup_fd = cgroup_container_open(&container->state.cgroup);
	struct process_list list = { 0 };
	char *const *argv;
	int r = container_processes(container, cgroup_fd, &list.pids, &list.n, err);

	if (r < 0)
		return r;
	if (json) {
		print_pids(&list);
		return 0;
	}
	argv = arguments(parse, container->arena);
	return argv ? print_table(&list, argv, err) : error_set(err, ENOMEM, "start ps");
}

static int run(const struct oci_globals *globals, const struct oci_command *command, int argc, char **argv)
{
	_cleanup_container_ struct container container = { .dir_fd = -1 };
	struct oci_parse parse;
	struct error err = { 0 };
	const char *format;
	int status, r = 0;

	if (oci_command_parse(globals, command, argc, argv, &parse, &status))
		return status;
	format = oci_option_value(&parse, "format");
	if (format && !str_equal(format, "table") && !str_equal(format, "json"))
		r = error_set(&err, EINVAL, "--format is table or json, not \"%s\"", format);
	if (r == 0)
		r = container_load(globals, parse.operands[0], false, &container, &err);
	if (r == 0)
		r = show(&container, &parse, format && str_equal(format, "json"), &err);
	return r < 0 ? oci_report(globals, &err) : output_end(globals);
}

static const struct oci_option options[] = {
	{ "format", 'f', "table|json", "lines of ps, or pids" },
	{ 0 },
};

const struct oci_command oci_command_ps = {
	.name = "ps",
	.usage = "[--format table|json] ID [PS OPTIONS]",
	.summary = "Shows the processes of a container.",
	.options = options,
	.command_follows = true,
	.min_operands = 1,
	.max_operands = -1,
	.failure = 1,
	.run = run,
};
